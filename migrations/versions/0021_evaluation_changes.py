"""How often an evaluation's answers or scores changed, so that what was counted once is not counted again."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("evaluations", sa.Column("changes", sa.BigInteger, server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("evaluations", "changes")
