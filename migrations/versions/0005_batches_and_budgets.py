"""Runs that are queued together and can be paused together; how much goes to an endpoint in a minute."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("runs", sa.Column("batch_id", sa.Uuid))
    op.add_column("runs", sa.Column("held", sa.Boolean, server_default="false", nullable=False))
    op.create_check_constraint(op.f("ck_runs_held_is_queued"), "runs", "status = 'queued' OR NOT held")
    _queue_of("status = 'queued' AND NOT held")
    op.create_index(
        "ix_runs_batch_id_status", "runs", ["batch_id", "status"], postgresql_where=sa.text("batch_id IS NOT NULL")
    )
    op.add_column("endpoints", sa.Column("requests_per_minute", sa.Integer))
    op.create_check_constraint(
        op.f("ck_endpoints_requests_per_minute_range"), "endpoints", "requests_per_minute BETWEEN 1 AND 100000"
    )
    op.create_table(
        "endpoint_budgets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sent", pg.JSONB, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_endpoint_budgets"),
    )


def downgrade() -> None:
    op.drop_table("endpoint_budgets")
    op.drop_column("endpoints", "requests_per_minute")
    op.drop_index("ix_runs_batch_id_status", "runs")
    _queue_of("status = 'queued'")
    op.drop_column("runs", "held")
    op.drop_column("runs", "batch_id")


def _queue_of(which: str) -> None:
    op.drop_index("ix_runs_queue", "runs")
    op.create_index("ix_runs_queue", "runs", [sa.text("priority DESC"), "id"], postgresql_where=sa.text(which))
