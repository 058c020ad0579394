"""OpenAPI documents that tools came from: where they are read again, and what changed in them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "api_documents",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("place", sa.Text, server_default="", nullable=False),
        sa.Column("options", sa.JSON, server_default="{}", nullable=False),
        sa.Column("known", sa.JSON, server_default="[]", nullable=False),
        sa.Column("changes", sa.JSON, server_default="[]", nullable=False),
        sa.Column("fault", sa.Text, server_default="", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_by", sa.Text, server_default="", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_api_documents"),
        sa.CheckConstraint("source <> ''", name=op.f("ck_api_documents_source_given")),
    )


def downgrade() -> None:
    op.drop_table("api_documents")
