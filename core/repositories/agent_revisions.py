"""The immutable specs of agents: the table `agent_revisions`."""

from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.agent_tables import AgentRevisionRow
from core.domain.agent import AgentSpec, Revision
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import inserted

_REFUSALS = {
    "uq_agent_revisions_agent_id_number": Err("conflict", "Somebody else saved a revision at the same moment."),
    "fk_agent_revisions_agent_id": Err("not_found", "There is no such agent any more."),
}


class AgentRevisionRepository:
    """Reads and adds rows of `agent_revisions`; nothing ever changes one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, agent_id: UUID, number: int) -> Revision | None:
        row = self._session.scalar(
            select(AgentRevisionRow).where(AgentRevisionRow.agent_id == agent_id, AgentRevisionRow.number == number)
        )
        return None if row is None else _revision(row)

    def list(self, agent_id: UUID) -> list[Revision]:
        """Newest first."""
        rows = self._session.scalars(
            select(AgentRevisionRow)
            .where(AgentRevisionRow.agent_id == agent_id)
            .order_by(AgentRevisionRow.number.desc())
        )
        return [_revision(row) for row in rows]

    def newest(self, agent_id: UUID) -> Revision | None:
        row = self._session.scalar(
            select(AgentRevisionRow)
            .where(AgentRevisionRow.agent_id == agent_id)
            .order_by(AgentRevisionRow.number.desc())
            .limit(1)
        )
        return None if row is None else _revision(row)

    def add(self, agent_id: UUID, spec: AgentSpec, who: str, note: str = "") -> Result[Revision]:
        """The next number; two who save at once are told apart by the table, not by luck."""
        row = AgentRevisionRow(
            id=new_id(),
            agent_id=agent_id,
            number=self._latest(agent_id) + 1,
            spec=msgspec.to_builtins(spec),
            content_hash=spec.hash(),
            note=note,
            author=who,
        )
        return inserted(self._session, row, Revision, _REFUSALS)

    def _latest(self, agent_id: UUID) -> int:
        latest = select(func.max(AgentRevisionRow.number)).where(AgentRevisionRow.agent_id == agent_id)
        return self._session.scalar(latest) or 0


def _revision(row: AgentRevisionRow) -> Revision:
    return msgspec.convert(row, Revision, from_attributes=True)
