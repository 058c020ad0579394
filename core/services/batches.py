"""Many runs as one: pause, go on, cancel, count. What groups them is somebody else's: here they share an id."""

import logging
from typing import Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Result
from core.domain.run import Run
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository

_log = logging.getLogger(__name__)


class BatchState(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs of a batch stand where."""

    queued: int = 0
    """Without those that are held."""
    held: int = 0
    running: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def is_paused(self) -> bool:
        """Whether runs stand still until the batch goes on."""
        return self.held > 0

    @property
    def is_over(self) -> bool:
        """Whether every run has ended."""
        return not (self.queued or self.held or self.running or self.waiting)


class Cancels(Protocol):
    def cancel(self, run_id: UUID, who: str = "", reason: str = "") -> Result[Run]: ...


class BatchService:
    """Runs that were started with the same `batch_id`. One that nobody has is an empty batch."""

    def __init__(self, engine: Engine, runs: Cancels) -> None:
        self._engine, self._runs = engine, runs

    def pause(self, batch_id: UUID, who: str = "") -> BatchState:
        """No further run is taken up, by any worker; those under way go on to their end."""
        return self._hold(batch_id, who, held=True)

    def resume(self, batch_id: UUID, who: str = "") -> BatchState:
        """The runs that were held are taken up again, in their order."""
        return self._hold(batch_id, who, held=False)

    def cancel(self, batch_id: UUID, who: str = "", reason: str = "") -> BatchState:
        """Stop what is under way and take up nothing more."""
        self._hold(batch_id, who, held=True)  # else the last would be taken up while the first are cancelled
        with UnitOfWork(self._engine) as unit:
            open_ids = RunRepository(unit.session).open_of(batch_id)
        for run_id in open_ids:
            self._runs.cancel(run_id, who, reason)
        return self.state(batch_id)

    def state(self, batch_id: UUID) -> BatchState:
        """Its runs, counted."""
        with UnitOfWork(self._engine) as unit:
            return BatchState(**RunRepository(unit.session).counts_of(batch_id))

    def _hold(self, batch_id: UUID, who: str, *, held: bool) -> BatchState:
        with UnitOfWork(self._engine) as unit:
            changed = JournalRepository(unit.session.connection()).hold(batch_id, held=held)
            unit.commit()
        _log.info("batch %s: %d queued runs %s by %r", batch_id, changed, "held" if held else "released", who)
        return self.state(batch_id)
