"""Tools that people added: the table `tools`. The built-in ones are code."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tool_tables import ToolRow
from core.domain.result import Err, Result
from core.domain.tool import ToolKind, ToolSpec
from core.ids import new_id
from core.repositories.writing import guarded, matches, present

_REFUSALS = {
    "uq_tools_name": Err("conflict", "A tool of this name exists already.", "name"),
    "ck_tools_name_legal": Err(
        "invalid", "The name of a tool has 1 to 64 letters, digits, hyphens and underscores.", "name"
    ),
}
_COLUMNS = (
    "name",
    "kind",
    "description",
    "parameters",
    "definition",
    "effect",
    "repeat",
    "time_limit_s",
    "output_limit_chars",
)

Tools = list[ToolSpec]


class ToolRepository:
    """Reads and writes rows of `tools`. Policies and fixed inputs belong to an agent and are not kept here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> ToolSpec | None:
        """Archived tools included: an agent may still name one."""
        row = self._session.scalar(select(ToolRow).where(ToolRow.name == name))
        return None if row is None else _tool(row)

    def list(self, search: str = "", *, archived: bool = False) -> list[ToolSpec]:
        columns = (ToolRow.id, *(getattr(ToolRow, name) for name in _COLUMNS))  # no object for each of thousands
        statement = select(*columns).where(ToolRow.archived == archived).order_by(ToolRow.name)
        if search:
            statement = statement.where(matches(search, (ToolRow.name, ToolRow.description, ToolRow.source)))
        return [_tool(row) for row in self._session.execute(statement)]

    def names(self) -> set[str]:
        """Every name that is taken, those of archived tools included."""
        return set(self._session.scalars(select(ToolRow.name)))

    def of_source(self, source: str, kind: ToolKind, *, archived: bool = False) -> Tools:
        """The tools that came from somewhere, by name."""
        rows = select(ToolRow).where(ToolRow.source == source, ToolRow.kind == kind, ToolRow.archived == archived)
        return [_tool(row) for row in self._session.scalars(rows.order_by(ToolRow.name))]

    def source(self, name: str) -> str | None:
        """Where a tool came from; None: there is no such tool."""
        return self._session.scalar(select(ToolRow.source).where(ToolRow.name == name))

    def add(self, tool: ToolSpec, source: str, who: str) -> Result[ToolSpec]:
        row = ToolRow(id=new_id(), source=source, created_by=who, **_columns(tool))

        def insert() -> ToolSpec:
            self._session.add(row)
            self._session.flush()
            return _tool(row)

        return guarded(self._session, insert, _REFUSALS, tool, source, who)

    def put_many(self, tools: Sequence[ToolSpec], source: str, who: str) -> Result[set[str]]:
        """Add tools, or replace those of the same name, kind and source; which names stand now as given.

        All or none: a refusal is about one of them.
        """
        given = insert(ToolRow)
        replaced = {name: given.excluded[name] for name in (*_COLUMNS, "schema_hash")}
        statement = given.on_conflict_do_update(
            constraint="uq_tools_name",
            set_={**replaced, "archived": False, "updated_at": func.now()},
            where=(ToolRow.kind == given.excluded.kind) & (ToolRow.source == given.excluded.source),
        ).returning(ToolRow.name)
        rows = [{"id": new_id(), "source": source, "created_by": who, **_columns(tool)} for tool in tools]
        return guarded(
            self._session, lambda: set(self._session.scalars(statement, rows)), _REFUSALS, tools, source, who
        )

    def update(self, tool: ToolSpec, source: str) -> Result[ToolSpec]:
        """Replace what stands under the tool's name; a tool that was archived is back."""
        return self._change(tool.name, {**_columns(tool), "source": source, "archived": False})

    def archive(self, name: str, *, archived: bool = True) -> Result[ToolSpec]:
        return self._change(name, {"archived": archived})

    def _change(self, name: str, changes: dict[str, Any]) -> Result[ToolSpec]:
        statement = (
            update(ToolRow)
            .where(ToolRow.name == name)
            .values(**changes, updated_at=func.now())
            .returning(ToolRow)
            .execution_options(populate_existing=True)
        )

        def act() -> ToolSpec | None:
            row = self._session.scalar(statement)
            return None if row is None else _tool(row)

        missing = Err("not_found", f"There is no tool named {name} among those that were added.", "name")
        return present(guarded(self._session, act, _REFUSALS, changes), missing)


def _columns(tool: ToolSpec) -> dict[str, Any]:
    return {**{name: getattr(tool, name) for name in _COLUMNS}, "schema_hash": tool.schema_hash()}


def _tool(row: ToolRow | Row[Any]) -> ToolSpec:
    return ToolSpec(id=str(row.id), **{name: getattr(row, name) for name in _COLUMNS})
