"""Runs and conversations are found by index, whatever they are asked for: text anywhere, model, person, tag, error.

A conversation moves to the top of its list when something is said in it, so what was said so far counts as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_SAID = ("input", "output", "agent_name")
_BY_VALUE = ("kind", "model", "created_by")
_NEWEST = """
UPDATE conversations c SET updated_at = greatest(c.updated_at, newest.at)
  FROM (SELECT conversation_id, max(created_at) AS at FROM runs GROUP BY conversation_id) AS newest
 WHERE newest.conversation_id = c.id
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for column in _BY_VALUE:
        op.create_index(f"ix_runs_{column}_id", "runs", [column, "id"])
    op.create_index(
        "ix_runs_error_kind_id", "runs", ["error_kind", "id"], postgresql_where=sa.text("error_kind IS NOT NULL")
    )
    op.create_index("ix_runs_tags", "runs", ["tags"], postgresql_using="gin", postgresql_where=sa.text("tags <> '{}'"))
    _trigrams("ix_runs_said_trgm", "runs", *_SAID)
    _trigrams("ix_conversations_title_trgm", "conversations", "title")
    op.execute(_NEWEST)
    op.create_index("ix_conversations_archived_updated_at_id", "conversations", ["archived", "updated_at", "id"])
    op.drop_index("ix_conversations_updated_at_id", "conversations")


def downgrade() -> None:
    """The extension stays: somebody else may use it by now."""
    op.create_index("ix_conversations_updated_at_id", "conversations", ["updated_at", "id"])
    op.drop_index("ix_conversations_archived_updated_at_id", "conversations")
    op.drop_index("ix_conversations_title_trgm", "conversations")
    for name in ("said_trgm", "tags", "error_kind_id", *(f"{column}_id" for column in _BY_VALUE)):
        op.drop_index(f"ix_runs_{name}", "runs")


def _trigrams(name: str, table: str, *columns: str) -> None:
    ops = dict.fromkeys(columns, "gin_trgm_ops")
    op.create_index(name, table, [*columns], postgresql_using="gin", postgresql_ops=ops)
