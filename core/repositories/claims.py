"""Claims of one worker: which runs it may drive, for how long."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.domain.event import Event
from core.domain.journal import Orphan
from core.errors import AryabhattaError
from core.repositories.away import away
from core.repositories.journal import JournalRepository

T = TypeVar("T")


class Claims:
    """Every call is a transaction of its own and raises `Unavailable` when the database does not answer."""

    def __init__(self, engine: Engine, owner: str, code: str, lease_s: float) -> None:
        self._engine, self._owner, self._code, self._lease_s = engine, owner, code, lease_s

    def claim(self, run_id: UUID) -> list[Event] | None:
        """The journal of a run that is ours from now on, or None."""
        return self._do(lambda journal: journal.claim(run_id, self._owner, self._code, self._lease_s))

    def release(self) -> None:
        self._do(lambda journal: journal.release(self._owner))

    def orphans(self, limit: int) -> list[Orphan]:
        """Runs that nobody executes, in the order in which they should be."""
        return self._do(lambda journal: journal.orphans(limit))

    def expire(self, owners: Sequence[str]) -> None:
        self._do(lambda journal: journal.expire(owners))

    def _do(self, work: Callable[[JournalRepository], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(JournalRepository(connection))
        except (AryabhattaError, DBAPIError) as error:
            if (unavailable := away(error)) is None:
                raise
            raise unavailable from error
