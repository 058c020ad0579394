"""By what right revisions went live: the table `agent_releases`."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.agent_tables import AgentReleaseRow
from core.domain.gate import Proof, Release
from core.domain.result import Result
from core.ids import new_id
from core.repositories.writing import inserted


class AgentReleaseRepository:
    """Reads and adds rows of `agent_releases`; nothing ever changes one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, agent_id: UUID) -> list[Release]:
        """Newest first."""
        rows = self._session.scalars(
            select(AgentReleaseRow).where(AgentReleaseRow.agent_id == agent_id).order_by(AgentReleaseRow.id.desc())
        )
        return [msgspec.convert(row, Release, from_attributes=True) for row in rows]

    def add(
        self, agent_id: UUID, revision: int, who: str, minimum: float | None, proof: Proof | None, reason: str
    ) -> Result[Release]:
        row = AgentReleaseRow(
            id=new_id(),
            agent_id=agent_id,
            revision=revision,
            evaluation_id=proof.evaluation_id if proof else None,
            rate=proof.rate if proof else None,
            minimum=minimum,
            reason=reason,
            who=who,
        )
        return inserted(self._session, row, Release, {})
