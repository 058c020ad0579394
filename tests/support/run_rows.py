"""Rows of runs written directly, for tests of what only reads them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.db.run_tables import RunRow
from core.ids import new_id


def run_row(**columns: Any) -> RunRow:
    """A run that is done, unless the columns say otherwise."""
    given = {"id": new_id(), "kind": "chat", "status": "done", "created_at": datetime.now(UTC)} | columns
    return RunRow(**given)


def keep(engine: Engine, *rows: Any) -> None:
    """Write rows in their order and make them last."""
    with Session(engine, expire_on_commit=False) as session:
        for row in rows:
            session.add(row)
            session.flush()
        session.commit()
