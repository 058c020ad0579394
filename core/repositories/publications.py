"""Which agents answer over HTTP: the table `publications`."""

from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.publish_tables import PublicationRow
from core.domain.publishing import Publication
from core.domain.result import Err, Result
from core.repositories.writing import guarded

_REFUSALS = {"fk_publications_agent_id": Err("not_found", "This agent does not exist any more.")}


class PublicationRepository:
    """Reads and writes rows of `publications`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, agent_id: UUID) -> Publication | None:
        row = self._session.get(PublicationRow, agent_id, populate_existing=True)
        return None if row is None else _publication(row)

    def list(self) -> list[Publication]:
        return [_publication(row) for row in self._session.scalars(select(PublicationRow))]

    def put(self, agent_id: UUID, who: str, revision: int | None, *, takes_instructions: bool) -> Result[Publication]:
        """Publish it, or change how it is published."""
        values = {"revision": revision, "takes_instructions": takes_instructions, "updated_by": who}
        row = insert(PublicationRow).values(agent_id=agent_id, **values)
        changes = values | {"updated_at": func.now()}
        put = row.on_conflict_do_update(index_elements=[PublicationRow.agent_id], set_=changes)
        statement = put.returning(PublicationRow).execution_options(populate_existing=True)
        return guarded(self._session, lambda: _publication(self._session.scalars(statement).one()), _REFUSALS, who)

    def delete(self, agent_id: UUID) -> None:
        self._session.execute(delete(PublicationRow).where(PublicationRow.agent_id == agent_id))


def _publication(row: PublicationRow) -> Publication:
    return msgspec.convert(row, Publication, from_attributes=True)
