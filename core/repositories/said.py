"""What was said in runs, found by index: the trigrams of the table `runs`."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from core.db.run_tables import RunRow
from core.repositories.writing import matches

_TRIGRAM = 3
LOOKED_THROUGH = 5_000
"""The newest rows, in which a text is looked for that is shorter than what the index knows."""


def is_indexed(search: str) -> bool:
    """Whether the index of trigrams knows where the text may stand."""
    return len(search) >= _TRIGRAM


def said_by(search: str, columns: Iterable[InstrumentedAttribute[Any]]) -> Iterator[ColumnElement[bool]]:
    """Runs with the text in one of the columns; one or two characters are looked for in the newest runs alone."""
    yield matches(search, columns)
    if not is_indexed(search):
        oldest = select(RunRow.id).order_by(RunRow.id.desc()).offset(LOOKED_THROUGH).limit(1).scalar_subquery()
        yield RunRow.id >= func.coalesce(oldest, UUID(int=0))
