"""Documents: the table `documents`, their files included."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.knowledge_tables import DocumentRow
from core.domain.knowledge import Document, DocumentState
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded

_COLUMNS = tuple(getattr(DocumentRow, name) for name in Document.__struct_fields__)
_REFUSALS = {"fk_documents_collection_id": Err("not_found", "There is no such collection any more.")}


class NewDocument(NamedTuple):
    """A file as it is taken in. `content` None: it is of no kind that can be read, and `reason` says so."""

    name: str
    size_bytes: int
    sha256: str
    content: bytes | None
    reason: str = ""


class Totals(NamedTuple):
    """Of one collection."""

    documents: int = 0
    passages: int = 0
    reading: int = 0
    failed: int = 0


class DocumentRepository:
    """Reads and writes rows of `documents`. The bytes are read only where they are asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, document_id: UUID, *, lock: bool = False) -> Document | None:
        """`lock` makes others who want to change the document wait until the unit of work ends."""
        return _one(self._session.execute(_with_lock(_documents(), lock=lock).where(DocumentRow.id == document_id)))

    def list(self, collection_id: UUID) -> list[Document]:
        """By name."""
        statement = _documents().where(DocumentRow.collection_id == collection_id).order_by(DocumentRow.name)
        return [_document(row) for row in self._session.execute(statement)]

    def names(self, document_ids: Collection[UUID]) -> dict[UUID, str]:
        statement = select(DocumentRow.id, DocumentRow.name).where(DocumentRow.id.in_(document_ids))
        return {row.id: row.name for row in self._session.execute(statement)}

    def totals(self, collection_ids: Iterable[UUID]) -> dict[UUID, Totals]:
        """One without documents is left out."""
        counted = func.count()
        statement = (
            select(
                DocumentRow.collection_id,
                counted,
                func.sum(DocumentRow.passages),
                counted.filter(DocumentRow.state == "reading"),
                counted.filter(DocumentRow.state.in_(("failed", "unsupported"))),
            )
            .where(DocumentRow.collection_id.in_(list(collection_ids)))
            .group_by(DocumentRow.collection_id)
        )
        return {row[0]: Totals(*row[1:]) for row in self._session.execute(statement)}

    def put(self, collection_id: UUID, new: NewDocument, who: str) -> Result[Document]:
        """Add a file, or put it in the place of the one of its name; then it has to be read."""
        given: dict[str, Any] = {**new._asdict(), "state": "reading"}
        if new.content is None:  # until another file is read, what the one before said is found
            given |= {"state": "unsupported", "passages": 0, "chars": 0}
        statement = (
            insert(DocumentRow)
            .values(id=new_id(), collection_id=collection_id, created_by=who, **given)
            .on_conflict_do_update(
                constraint="uq_documents_collection_id_name", set_={**given, "updated_at": func.now()}
            )
            .returning(*_COLUMNS)
        )
        return guarded(
            self._session, lambda: _document(self._session.execute(statement).one()), _REFUSALS, new.name, who
        )

    def set_state(self, document_id: UUID, state: DocumentState, **changes: Any) -> None:
        values = {"reason": "", **changes, "state": state, "updated_at": func.now()}
        self._session.execute(update(DocumentRow).where(DocumentRow.id == document_id).values(values))

    def content(self, document_id: UUID) -> bytes | None:
        found = self._session.scalar(select(DocumentRow.content).where(DocumentRow.id == document_id))
        return None if found is None else bytes(found)

    def next_to_read(self, besides: Collection[UUID] = ()) -> Document | None:
        """The one that waits longest for being read."""
        waiting = _documents().where(DocumentRow.state == "reading", DocumentRow.id.not_in(besides))
        return _one(self._session.execute(waiting.order_by(DocumentRow.id).limit(1)))

    def delete(self, document_id: UUID) -> None:
        """With its passages."""
        self._session.execute(delete(DocumentRow).where(DocumentRow.id == document_id))


def _documents() -> Select[Any]:
    return select(*_COLUMNS)


def _with_lock(statement: Select[Any], *, lock: bool) -> Select[Any]:
    return statement.with_for_update() if lock else statement


def _one(rows: Any) -> Document | None:
    row = rows.one_or_none()
    return None if row is None else _document(row)


def _document(row: Row[Any]) -> Document:
    return msgspec.convert(row, Document, from_attributes=True)
