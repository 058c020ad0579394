"""Where tools come from that others define: MCP servers, with what was accepted of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "tool_sources",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("server", sa.JSON, nullable=False),
        sa.Column("server_name", sa.Text, server_default="", nullable=False),
        sa.Column("accepted", sa.JSON, server_default="[]", nullable=False),
        sa.Column("seen", sa.JSON, server_default="[]", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("fault", sa.Text, server_default="", nullable=False),
        sa.Column("archived", sa.Boolean, server_default="false", nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_by", sa.Text, server_default="", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tool_sources"),
        sa.UniqueConstraint("name", name="uq_tool_sources_name"),
        sa.CheckConstraint("name ~ '^[a-zA-Z0-9_-]{1,40}$'", name=op.f("ck_tool_sources_name_legal")),
    )


def downgrade() -> None:
    op.drop_table("tool_sources")
