"""Looking after evaluations: turn after turn, in any process that executes runs, until nothing is left to do."""

import logging
import threading
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.db.unit import UnitOfWork
from core.domain.run import ENDED
from core.errors import AryabhattaError
from core.repositories.away import away
from core.repositories.evaluation_cells import CellRepository, with_cells_under_way
from core.repositories.evaluation_lines import EvaluationLineRepository
from core.repositories.evaluations import EvaluationRepository
from core.repositories.scores import ScoreRepository, with_pending_scores
from core.services.evaluation_turn import Turn

log = logging.getLogger(__name__)

BUSY_S, IDLE_S = 0.5, 2.0
"""Longest time until a run that ended elsewhere, or an evaluation that began elsewhere, is noticed."""


class EvaluationDrive:
    """Takes turns. `submit` executes a run in this process; None: the queue brings it to whoever has room."""

    def __init__(self, engine: Engine, submit: Callable[[UUID], None] | None) -> None:
        self._engine, self._submit = engine, submit

    def open(self) -> set[UUID]:
        """Evaluations that somebody has to look after: a paused one, too, while its last runs end."""
        with UnitOfWork(self._engine) as unit:
            session = unit.session
            return (
                EvaluationRepository(session).running() | with_cells_under_way(session) | with_pending_scores(session)
            )

    def advance(self, evaluation_id: UUID) -> bool:
        """One turn; whether the next can follow at once. Nothing happens while another process is at it."""
        with UnitOfWork(self._engine) as unit:
            evaluation = EvaluationRepository(unit.session).free(evaluation_id)
            if evaluation is None:
                return False
            turn = Turn(unit, evaluation)
            has_more = turn.take()
            unit.commit()
        for run_id in turn.begun if self._submit else ():
            assert self._submit is not None
            self._submit(run_id)
        return has_more

    def take_up(self, evaluation_id: UUID) -> None:
        """Execute here what is left of an evaluation's runs; those that a living worker has stay with it."""
        if self._submit is None:
            return
        for run_id in self.open_runs(evaluation_id):
            self._submit(run_id)

    def open_runs(self, evaluation_id: UUID) -> list[UUID]:
        """Its runs that have not ended, those of judging models included."""
        with UnitOfWork(self._engine) as unit:
            session = unit.session
            cells = [run_id for run_id, _ in CellRepository(session, evaluation_id).under_way().values()]
            wanted = [*cells, *ScoreRepository(session, evaluation_id).pending().values()]
            statuses = EvaluationLineRepository(session, evaluation_id).statuses(wanted)
        return [run_id for run_id, (status, _) in statuses.items() if status not in ENDED]


class EvaluationLoop:
    """A thread that takes turns for every open evaluation. Started at most once; stopped for good."""

    def __init__(self, drive: EvaluationDrive) -> None:
        self._drive = drive
        self._news, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._lock:
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._run, name="evaluations", daemon=True)
                self._thread.start()

    def ring(self) -> None:
        """A run ended, or a person began, paused or resumed something."""
        self._news.set()

    def stop(self) -> None:
        """Between two turns: nothing is lost whenever that is."""
        with self._lock:
            self._over.set()
            self._news.set()
            thread = self._thread
        if thread is not None:
            thread.join(10)

    def _run(self) -> None:
        wait_s = 0.0
        while not self._over.is_set():
            self._news.wait(wait_s)
            self._news.clear()
            wait_s = self._turns()

    def _turns(self) -> float:
        """Take a turn for each; how long to wait for news before the next."""
        try:
            open_ids = self._drive.open()
            has_more = [self._drive.advance(one) for one in sorted(open_ids) if not self._over.is_set()]
        except (AryabhattaError, DBAPIError) as error:
            if (unavailable := away(error)) is None:
                raise
            log.warning("evaluations wait: %s", unavailable)
            return IDLE_S
        return 0.0 if any(has_more) else BUSY_S if open_ids else IDLE_S
