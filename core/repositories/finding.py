"""Names that say a text: of agents, prompts, tools, datasets and collections. Those that begin with it come first."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.db.agent_tables import AgentRow, SystemPromptRow, UserPromptRow
from core.db.evaluation_tables import DatasetRow
from core.db.knowledge_tables import CollectionRow
from core.db.tool_tables import ToolRow
from core.domain.prompt import PromptKind
from core.repositories.writing import matches

_PROMPTS: dict[PromptKind, type[SystemPromptRow | UserPromptRow]] = {"system": SystemPromptRow, "user": UserPromptRow}


class FindingRepository:
    """Reads a few rows of each table; each row is what it goes by, its name, and a line about it."""

    def __init__(self, session: Session, most: int) -> None:
        self._session, self._most = session, most

    def agents(self, search: str) -> list[tuple[UUID, str, str]]:
        rows = select(AgentRow.id, AgentRow.name, AgentRow.description).where(~AgentRow.archived)
        fits = matches(search, (AgentRow.name, AgentRow.description))
        return [tuple(row) for row in self._best(rows.where(fits), AgentRow.name, search)]

    def tools(self, search: str) -> list[tuple[str, str]]:
        rows = select(ToolRow.name, ToolRow.description).where(~ToolRow.archived)
        fits = matches(search, (ToolRow.name, ToolRow.description))
        return [tuple(row) for row in self._best(rows.where(fits), ToolRow.name, search)]

    def datasets(self, search: str) -> list[tuple[UUID, str, str]]:
        rows = select(DatasetRow.id, DatasetRow.name, DatasetRow.description).where(~DatasetRow.archived)
        fits = matches(search, (DatasetRow.name, DatasetRow.description))
        return [tuple(row) for row in self._best(rows.where(fits), DatasetRow.name, search)]

    def collections(self, search: str) -> list[tuple[UUID, str, str]]:
        rows = select(CollectionRow.id, CollectionRow.name, CollectionRow.description)
        fits = matches(search, (CollectionRow.name, CollectionRow.description))
        return [tuple(row) for row in self._best(rows.where(fits), CollectionRow.name, search)]

    def prompts(self, kind: PromptKind, search: str) -> list[str]:
        name = _PROMPTS[kind].name
        rows = select(name).where(matches(search, (name,))).group_by(name)
        return [row[0] for row in self._best(rows, name, search)]

    def _best(self, rows: Any, name: InstrumentedAttribute[str], search: str) -> list[Row[Any]]:
        place = func.strpos(func.lower(name), search.lower())
        order = (place == 0, place, func.lower(name))
        return list(self._session.execute(rows.order_by(*order).limit(self._most)))
