"""The calls of a tool are found by its name."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# U+0000 may stand in an entry, and Postgres reads no value of a document that has one.
_NAME = r"CAST(CAST(replace(CAST(body AS text), '\u0000', '\ufffd') AS json) -> 'name' AS text)"


def upgrade() -> None:
    op.create_index(
        "ix_run_events_calls",
        "run_events",
        [sa.text(_NAME), "run_id"],
        postgresql_where=sa.text("kind = 'started' AND effect NOT LIKE '%.m'"),
    )


def downgrade() -> None:
    op.drop_index("ix_run_events_calls", "run_events")
