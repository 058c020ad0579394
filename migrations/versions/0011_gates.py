"""Gates of agents, and by what right each revision went live."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("agents", sa.Column("gate", pg.JSON))
    op.create_table(
        "agent_releases",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("evaluation_id", sa.Uuid),
        sa.Column("rate", sa.Float),
        sa.Column("minimum", sa.Float),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("who", sa.Text, server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_releases"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_agent_releases_agent_id", ondelete="CASCADE"),
    )
    op.create_index("ix_agent_releases_agent_id", "agent_releases", ["agent_id"])
    op.execute(
        "CREATE TRIGGER agent_releases_immutable BEFORE UPDATE ON agent_releases "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("agent_releases")
    op.drop_column("agents", "gate")
