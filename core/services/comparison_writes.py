"""Live comparisons: a change to the world goes through unless another column wants the same; then a person decides.

A column's write asks first and is looked at here, under the lock of its comparison, so that of two columns that ask at
once neither overlooks the other. If this process dies in between, the call waits for a person like any that asks.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.db.unit import UnitOfWork
from core.domain.comparison import Comparison
from core.domain.result import Err
from core.domain.same_writes import waits_alone
from core.domain.state import RunState
from core.engine.state import fold
from core.errors import AryabhattaError
from core.repositories.away import away
from core.repositories.comparisons import ComparisonRepository
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.decisions import DecisionService

log = logging.getLogger(__name__)

TAG = "comparison:"
WHO = "No other column"


class ComparisonWrites:
    """Looks at the calls that ask, one after the other, in a thread of its own."""

    def __init__(self, engine: Engine, decisions: DecisionService) -> None:
        self._engine, self._decisions = engine, decisions
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="comparison-writes")

    def asked(self, run_id: UUID) -> None:
        """A run asks something. From any thread; returns at once."""
        with suppress(RuntimeError):  # closed: the process ends
            self._thread.submit(self._look, run_id)

    def close(self) -> None:
        self._thread.shutdown()

    def _look(self, run_id: UUID) -> None:
        try:
            self.look(run_id)
        except (AryabhattaError, DBAPIError) as error:
            if (unavailable := away(error)) is None:
                raise
            log.warning("a write of run %s waits for a person: %s", run_id, unavailable)

    def look(self, run_id: UUID) -> None:
        """Let through what no other column wants."""
        with UnitOfWork(self._engine) as unit:
            run = RunRepository(unit.session).get(run_id)
            names = [tag.removeprefix(TAG) for tag in run.tags if tag.startswith(TAG)] if run else []
            if not names:
                return
            comparison = ComparisonRepository(unit.session).get(UUID(names[0]), lock=True)
            if comparison is None:
                return
            journals = JournalRepository(unit.session.connection()).read_many([run_id, *_beside(comparison, run_id)])
            states = {one: fold(events) for one, events in journals.items()}
            mine = states.pop(run_id)
            self._let_through(mine, list(states.values()))

    def _let_through(self, mine: RunState, others: list[RunState]) -> None:
        for effect, shown in waits_alone(mine, others):
            approved = self._decisions.approve(mine.run_id, effect, WHO, shown=shown)
            if isinstance(approved, Err):  # a person was quicker
                log.info("call %s of run %s: %s", effect, mine.run_id, approved.message)


def _beside(comparison: Comparison, run_id: UUID) -> list[UUID]:
    """The runs that the other columns made of the same message."""
    for turn in comparison.turns:
        mine = next((cell.column for cell in turn.cells if run_id in cell.runs), None)
        if mine is not None:
            return [run for cell in turn.cells if cell.column != mine for run in cell.runs]
    return []
