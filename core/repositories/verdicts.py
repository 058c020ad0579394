"""Thumbs: the table `verdicts`."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.verdict_tables import VerdictRow
from core.domain.result import Err, Result
from core.repositories.writing import guarded

_REFUSALS = {"fk_verdicts_run_id": Err("not_found", "There is no such answer any more.")}


class VerdictRepository:
    """Reads and writes rows of `verdicts`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, run_ids: Iterable[UUID], who: str) -> dict[UUID, bool]:
        """What this person said of these answers: True is good."""
        mine = select(VerdictRow.run_id, VerdictRow.is_good).where(
            VerdictRow.run_id.in_(list(run_ids)), VerdictRow.who == who
        )
        return dict(list(self._session.execute(mine)))

    def put(self, run_id: UUID, who: str, *, is_good: bool) -> Result[None]:
        put = insert(VerdictRow).values(run_id=run_id, who=who, is_good=is_good)
        again = put.on_conflict_do_update(constraint="pk_verdicts", set_={"is_good": is_good, "at": func.now()})

        def write() -> None:
            self._session.execute(again)

        return guarded(self._session, write, _REFUSALS, who)

    def drop(self, run_id: UUID, who: str) -> None:
        self._session.execute(delete(VerdictRow).where(VerdictRow.run_id == run_id, VerdictRow.who == who))
