"""Notebooks that agents write: the table `notebook_pages`, behind the port that the tools know."""

from sqlalchemy import ColumnElement, Engine, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tool_tables import NotebookPageRow
from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.ids import new_id
from core.repositories.writing import guarded, matches
from core.tools.notebook import Page, Written

_TAKEN = Err("conflict", "This key has written to another notebook already.")


class NotebookRepository:
    """Reads and writes rows of `notebook_pages`, each call in a transaction of its own.

    The key's unique constraint is what makes a second write by the same key harmless.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, notebook: str, title: str, text: str, key: str) -> Result[Written]:
        statement = (
            insert(NotebookPageRow)
            .values(id=new_id(), notebook=notebook, title=title, text=text, key=key)
            .on_conflict_do_nothing(index_elements=[NotebookPageRow.key])
            .returning(NotebookPageRow.id)
        )
        with UnitOfWork(self._engine) as unit:
            added = guarded(unit.session, lambda: unit.session.scalar(statement), {}, notebook, title, text, key)
            if isinstance(added, Err):
                return added
            unit.commit()
            return _written(unit.session, notebook, key, is_new=added.value is not None)

    def pages(self, notebook: str, search: str = "", limit: int = 200) -> list[Page]:
        statement = (
            select(NotebookPageRow)
            .where(NotebookPageRow.notebook == notebook, _contains(search))
            .order_by(NotebookPageRow.id.desc())
            .limit(limit)
        )
        with UnitOfWork(self._engine) as unit:
            rows = unit.session.scalars(statement).all()
        return [Page(title=row.title, text=row.text, created_at=row.created_at) for row in reversed(rows)]

    def names(self) -> list[str]:
        statement = select(NotebookPageRow.notebook).distinct().order_by(NotebookPageRow.notebook)
        with UnitOfWork(self._engine) as unit:
            return list(unit.session.scalars(statement))


def _written(session: Session, notebook: str, key: str, *, is_new: bool) -> Result[Written]:
    """What stands under a key; its page is counted among those of its notebook."""
    row = session.scalars(select(NotebookPageRow).where(NotebookPageRow.key == key)).one()
    if row.notebook != notebook:
        return _TAKEN
    before = select(func.count()).where(NotebookPageRow.notebook == notebook, NotebookPageRow.id <= row.id)
    return Ok(Written(session.scalar(before) or 0, is_new))


def _contains(search: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = true()
    for word in search.split():
        found &= matches(word, (NotebookPageRow.title, NotebookPageRow.text))
    return found
