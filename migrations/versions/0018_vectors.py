"""Vectors of passages, and who makes them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, REAL

revision = "0018"
down_revision = "0017"

_NAMES = ("endpoint", "model", "vector_fault")


def upgrade() -> None:
    for name in _NAMES:
        op.add_column("collections", sa.Column(name, sa.Text, server_default="", nullable=False))
    op.add_column("passages", sa.Column("vector", ARRAY(REAL)))
    op.add_column("passages", sa.Column("made_by", sa.Text, server_default="", nullable=False))
    op.create_index(
        "ix_passages_vectors", "passages", ["collection_id"], postgresql_where=sa.text("vector IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_passages_vectors", "passages")
    for name in ("made_by", "vector"):
        op.drop_column("passages", name)
    for name in reversed(_NAMES):
        op.drop_column("collections", name)
