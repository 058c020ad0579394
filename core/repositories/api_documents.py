"""OpenAPI documents that tools came from: the table `api_documents`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tool_tables import ApiDocumentRow
from core.domain.api_document import ApiChange, ApiDocument
from core.domain.canonical import Json
from core.domain.result import Err, Result
from core.repositories.writing import guarded, present

_GONE = Err("not_found", "There is no such document.", "source")


class ApiDocumentRepository:
    """Reads and writes rows of `api_documents`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, source: str) -> ApiDocument | None:
        row = self._session.get(ApiDocumentRow, source, populate_existing=True)
        return None if row is None else _document(row)

    def list(self) -> list[ApiDocument]:
        return [_document(row) for row in self._session.scalars(select(ApiDocumentRow).order_by(ApiDocumentRow.source))]

    def put(
        self, source: str, place: str, options: dict[str, Json], known: Sequence[str], who: str
    ) -> Result[ApiDocument]:
        """Keep a document as it was taken in just now; nothing of it has changed."""
        columns = {"place": place, "options": options, "known": list(known), "changes": [], "fault": ""}
        row = insert(ApiDocumentRow).values(source=source, updated_by=who, **columns)
        fresh = {**columns, "updated_by": who, "updated_at": func.now(), "checked_at": func.now()}
        statement = row.on_conflict_do_update(constraint="pk_api_documents", set_=fresh).returning(ApiDocumentRow)
        return self._changed(source, statement, columns)

    def said(self, source: str, changes: Sequence[ApiChange]) -> Result[ApiDocument]:
        """What it says otherwise now."""
        return self._change(source, changes=msgspec.to_builtins(changes), fault="", checked_at=func.now())

    def failed(self, source: str, fault: str) -> Result[ApiDocument]:
        """Why it could not be read; what was found before stays."""
        return self._change(source, fault=fault, checked_at=func.now())

    def accepted(
        self, source: str, known: Sequence[str], changes: Sequence[ApiChange], who: str
    ) -> Result[ApiDocument]:
        """`changes`: those that are left."""
        left = msgspec.to_builtins(changes)
        return self._change(source, known=list(known), changes=left, updated_by=who, updated_at=func.now())

    def _change(self, source: str, **changes: Any) -> Result[ApiDocument]:
        where = ApiDocumentRow.source == source
        statement = update(ApiDocumentRow).where(where).values(**changes).returning(ApiDocumentRow)
        return self._changed(source, statement, changes)

    def _changed(self, source: str, statement: Any, changes: dict[str, Any]) -> Result[ApiDocument]:
        fresh = statement.execution_options(populate_existing=True)

        def act() -> ApiDocument | None:
            row = self._session.scalar(fresh)
            return None if row is None else _document(row)

        given = {key: value for key, value in changes.items() if isinstance(value, str | dict | list)}
        return present(guarded(self._session, act, {}, source, given), _GONE)


def _document(row: ApiDocumentRow) -> ApiDocument:
    return msgspec.convert(row, ApiDocument, from_attributes=True)
