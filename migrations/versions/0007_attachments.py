"""Files beside messages, stored once by the hash of their content."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_attachments"),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name=op.f("ck_attachments_named_by_content")),
    )


def downgrade() -> None:
    op.drop_table("attachments")
