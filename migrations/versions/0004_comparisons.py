"""Comparisons, and the kinds of the runs that they and evaluations start."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0004"
down_revision = "0003"

KINDS_BEFORE = "kind IN ('chat', 'try', 'cli', 'api', 'test')"
KINDS = "kind IN ('chat', 'try', 'cli', 'api', 'test', 'compare', 'evaluation')"


def upgrade() -> None:
    _kinds(KINDS)
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, server_default="", nullable=False),
        sa.Column("tool_mode", sa.Text, server_default="dry_run", nullable=False),
        sa.Column("columns", pg.JSON, server_default="[]", nullable=False),
        sa.Column("turns", pg.JSON, server_default="[]", nullable=False),
        sa.Column("votes", pg.JSONB, server_default="[]", nullable=False),
        sa.Column("shuffled", pg.JSONB, server_default="[]", nullable=False),
        sa.Column("origin_run_id", sa.Uuid),
        sa.Column("archived", sa.Boolean, server_default="false", nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
        sa.ForeignKeyConstraint(
            ["origin_run_id"], ["runs.id"], name="fk_comparisons_origin_run_id", ondelete="SET NULL"
        ),
        sa.CheckConstraint("tool_mode IN ('live', 'recorded', 'dry_run')", name=op.f("ck_comparisons_tool_mode_known")),
        sa.CheckConstraint("length(title) <= 200", name=op.f("ck_comparisons_title_length")),
    )
    op.create_index("ix_comparisons_updated_at_id", "comparisons", ["updated_at", "id"])
    op.create_index("ix_comparisons_origin_run_id", "comparisons", ["origin_run_id"])


def downgrade() -> None:
    """The runs stay: what they were started for becomes *try*."""
    op.drop_table("comparisons")
    op.execute("UPDATE runs SET kind = 'try' WHERE kind IN ('compare', 'evaluation')")
    _kinds(KINDS_BEFORE)


def _kinds(rule: str) -> None:
    op.drop_constraint(op.f("ck_runs_kind_known"), "runs")
    op.create_check_constraint(op.f("ck_runs_kind_known"), "runs", rule)
