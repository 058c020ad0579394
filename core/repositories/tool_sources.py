"""MCP servers that people added: the table `tool_sources`."""

from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.tool_tables import ToolSourceRow
from core.domain.result import Err, Result
from core.domain.tool_source import ListedTool, McpServer, ToolSource
from core.ids import new_id
from core.repositories.writing import guarded, inserted, present

_REFUSALS = {
    "uq_tool_sources_name": Err("conflict", "A source of tools of this name exists already.", "name"),
    "ck_tool_sources_name_legal": Err(
        "invalid", "The name of a source has 1 to 40 letters, digits, hyphens and underscores.", "name"
    ),
}
_GONE = Err("not_found", "There is no such source of tools.", "name")
Listing = tuple[ListedTool, ...]
Sources = list[ToolSource]


class ToolSourceRepository:
    """Reads and writes rows of `tool_sources`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> ToolSource | None:
        """Archived ones are not there."""
        where = ToolSourceRow.name == name, ~ToolSourceRow.archived
        row = self._session.scalar(select(ToolSourceRow).where(*where))
        return None if row is None else _source(row)

    def list(self) -> Sources:
        rows = select(ToolSourceRow).where(~ToolSourceRow.archived).order_by(ToolSourceRow.name)
        return [_source(row) for row in self._session.scalars(rows)]

    def add(
        self, name: str, server: McpServer, server_name: str, accepted: Listing, seen: Listing, who: str
    ) -> Result[ToolSource]:
        """One that was archived under this name makes room."""
        again = {"server": server, "server_name": server_name, "accepted": accepted, "seen": seen, "fault": ""}
        columns = msgspec.to_builtins(again)
        back = self._change(name, is_archived=True, **columns, archived=False, created_by=who, checked_at=func.now())
        if not isinstance(back, Err):
            return back
        row = ToolSourceRow(id=new_id(), name=name, created_by=who, **columns)
        return inserted(self._session, row, ToolSource, _REFUSALS)

    def said(self, name: str, server_name: str, seen: Listing) -> Result[ToolSource]:
        """What a server answered just now."""
        changes = {"server_name": server_name, "seen": seen, "fault": ""}
        return self._change(name, **msgspec.to_builtins(changes), checked_at=func.now())

    def failed(self, name: str, fault: str) -> Result[ToolSource]:
        """Why it did not answer just now; what it said before stays."""
        return self._change(name, fault=fault, checked_at=func.now())

    def accept(self, name: str, accepted: Listing, who: str) -> Result[ToolSource]:
        changes = {"accepted": msgspec.to_builtins(accepted), "updated_by": who, "updated_at": func.now()}
        return self._change(name, **changes)

    def archive(self, name: str, who: str) -> Result[ToolSource]:
        return self._change(name, archived=True, updated_by=who, updated_at=func.now())

    def _change(self, name: str, *, is_archived: bool = False, **changes: Any) -> Result[ToolSource]:
        statement = (
            update(ToolSourceRow)
            .where(ToolSourceRow.name == name, ToolSourceRow.archived == is_archived)
            .values(**changes)
            .returning(ToolSourceRow)
            .execution_options(populate_existing=True)
        )

        def act() -> ToolSource | None:
            row = self._session.scalar(statement)
            return None if row is None else _source(row)

        given = {key: value for key, value in changes.items() if isinstance(value, str | dict | list)}
        return present(guarded(self._session, act, _REFUSALS, given), _GONE)


def _source(row: ToolSourceRow) -> ToolSource:
    return msgspec.convert(row, ToolSource, from_attributes=True)
