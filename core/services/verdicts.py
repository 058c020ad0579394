"""What people think of answers: a thumb up or down, each person one an answer."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Ok, Result
from core.repositories.verdicts import VerdictRepository
from core.services.keeping import keep


class VerdictService:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, run_ids: Iterable[UUID], who: str) -> dict[UUID, bool]:
        """What this person said of these answers: True is good."""
        with UnitOfWork(self._engine) as unit:
            return VerdictRepository(unit.session).of(run_ids, who)

    def give(self, run_id: UUID, who: str, *, is_good: bool | None) -> Result[None]:
        """None takes back what was said."""
        with UnitOfWork(self._engine) as unit:
            verdicts = VerdictRepository(unit.session)
            if is_good is not None:
                return keep(unit, verdicts.put(run_id, who, is_good=is_good))
            verdicts.drop(run_id, who)
            unit.commit()
        return Ok(None)
