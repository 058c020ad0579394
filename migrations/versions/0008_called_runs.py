"""Runs that are another run's tool call."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KINDS = ("chat", "try", "cli", "api", "test", "compare", "evaluation")


def upgrade() -> None:
    op.add_column("runs", sa.Column("caller_run_id", sa.Uuid))
    op.add_column("runs", sa.Column("caller_effect", sa.Text, server_default="", nullable=False))
    op.create_foreign_key("fk_runs_caller_run_id", "runs", "runs", ["caller_run_id"], ["id"], ondelete="SET NULL")
    op.create_index(
        "uq_runs_caller",
        "runs",
        ["caller_run_id", "caller_effect"],
        unique=True,
        postgresql_where=sa.text("caller_run_id IS NOT NULL"),
    )
    _known((*_KINDS, "call"))


def downgrade() -> None:
    # Without their callers they are runs by hand.
    op.execute("UPDATE runs SET kind = 'api' WHERE kind = 'call'")
    _known(_KINDS)
    op.drop_index("uq_runs_caller", "runs")
    op.drop_column("runs", "caller_effect")
    op.drop_column("runs", "caller_run_id")


def _known(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f("ck_runs_kind_known"), "runs")
    op.create_check_constraint(op.f("ck_runs_kind_known"), "runs", f"kind IN ({listed})")
