"""Agents: the table `agents`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from core.db.agent_tables import AgentRow
from core.domain.agent import Agent
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, inserted, present

_REFUSALS = {
    "uq_agents_name": Err("conflict", "An agent of this name exists already.", "name"),
    "ck_agents_name_length": Err("invalid", "A name has 1 to 100 characters.", "name"),
    "ck_agents_has_spec": Err("invalid", "An agent without a revision needs a draft.", "draft"),
}


class AgentRepository:
    """Reads and writes rows of `agents`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, agent_id: UUID, *, lock: bool = False) -> Agent | None:
        """`lock` makes others who want to change the agent wait until the unit of work ends."""
        return self._one(AgentRow.id == agent_id, lock=lock)

    def by_name(self, name: str, *, lock: bool = False) -> Agent | None:
        return self._one(AgentRow.name == name, lock=lock)

    def names(self) -> dict[str, UUID]:
        """Every agent that is not archived, by its name and in that order."""
        rows = select(AgentRow.name, AgentRow.id).where(~AgentRow.archived).order_by(func.lower(AgentRow.name))
        return dict(list(self._session.execute(rows)))

    def names_like(self, stem: str) -> set[str]:
        """The names that begin with `stem`, archived agents included."""
        return set(self._session.scalars(select(AgentRow.name).where(AgentRow.name.startswith(stem, autoescape=True))))

    def is_empty(self) -> bool:
        return self._session.scalar(select(AgentRow.id).limit(1)) is None

    def add(self, name: str, who: str, **columns: Any) -> Result[Agent]:
        """A new agent, with its `draft` or its `live_revision` (or both)."""
        row = AgentRow(id=new_id(), name=name, updated_by=who, **_stored(columns))
        return inserted(self._session, row, Agent, _REFUSALS)

    def update(self, agent_id: UUID, who: str, **changes: Any) -> Result[Agent]:
        """Set the given columns (`draft` as a spec or None). `not_found` when there is no such agent."""
        statement = (
            update(AgentRow)
            .where(AgentRow.id == agent_id)
            .values(**_stored(changes), updated_by=who, updated_at=func.now())
            .returning(AgentRow)
            .execution_options(populate_existing=True)
        )
        changed = guarded(self._session, lambda: _agent(self._session.scalar(statement)), _REFUSALS, changes, who)
        return present(changed, Err("not_found", "There is no such agent any more."))

    def _one(self, condition: ColumnElement[bool], *, lock: bool) -> Agent | None:
        statement = select(AgentRow).where(condition).execution_options(populate_existing=True)
        return _agent(self._session.scalar(statement.with_for_update() if lock else statement))


def _stored(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as the table keeps them: specs as JSON values, tags as a list."""
    return {name: list(value) if name == "tags" else msgspec.to_builtins(value) for name, value in columns.items()}


def _agent(row: AgentRow | None) -> Agent | None:
    return None if row is None else msgspec.convert(row, Agent, from_attributes=True)
