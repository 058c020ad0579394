"""Collections of documents: the table `collections`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.db.knowledge_tables import CollectionRow
from core.domain.knowledge import Collection, Language
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, inserted, matches, present

_REFUSALS = {
    "uq_collections_name": Err("conflict", "A collection of this name exists already.", "name"),
    "ck_collections_name_length": Err("invalid", "A name has 1 to 100 characters.", "name"),
    "ck_collections_language_known": Err("invalid", "There is no such language here.", "language"),
}


class CollectionRepository:
    """Reads and writes rows of `collections`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, collection_id: UUID) -> Collection | None:
        return _collection(self._session.get(CollectionRow, collection_id, populate_existing=True))

    def list(self, search: str = "") -> list[Collection]:
        """Those that changed last come first."""
        statement = select(CollectionRow).order_by(CollectionRow.updated_at.desc(), CollectionRow.id)
        if search:
            statement = statement.where(matches(search, (CollectionRow.name, CollectionRow.description)))
        return [msgspec.convert(row, Collection, from_attributes=True) for row in self._session.scalars(statement)]

    def add(self, name: str, description: str, language: Language, tool: str, who: str) -> Result[Collection]:
        row = CollectionRow(
            id=new_id(), name=name, description=description, language=language, tool=tool, created_by=who
        )
        return inserted(self._session, row, Collection, _REFUSALS)

    def update(self, collection_id: UUID, **changes: Any) -> Result[Collection]:
        """Set the given columns; none: only that it changed now. `not_found` when there is no such collection."""
        statement = (
            update(CollectionRow)
            .where(CollectionRow.id == collection_id)
            .values(**changes, updated_at=func.now())
            .returning(CollectionRow)
            .execution_options(populate_existing=True)
        )
        changed = guarded(self._session, lambda: _collection(self._session.scalar(statement)), _REFUSALS, changes)
        return present(changed, Err("not_found", "There is no such collection any more."))

    def note_fault(self, collection_id: UUID, fault: str) -> None:
        """Why vectors could not be made; it is no change of the collection."""
        mine = CollectionRow.id == collection_id
        self._session.execute(update(CollectionRow).where(mine).values(vector_fault=fault))

    def delete(self, collection_id: UUID) -> None:
        """With its documents and their passages."""
        self._session.execute(delete(CollectionRow).where(CollectionRow.id == collection_id))


def _collection(row: CollectionRow | None) -> Collection | None:
    return None if row is None else msgspec.convert(row, Collection, from_attributes=True)
