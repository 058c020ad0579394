"""Evaluations: begin, watch, pause, judge again, read. Who drives them is `evaluation_drive`."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from core import ids
from core.db.unit import UnitOfWork
from core.domain.evaluation import Cell, CellKey, CellLine, Estimate, Evaluation, NotRecorded, Progress, Score
from core.domain.evaluator import Evaluator, HumanVote
from core.domain.result import Err, Ok, Result
from core.repositories.accounts import AccountRepository
from core.repositories.dataset_items import DatasetItemRepository
from core.repositories.dataset_versions import DatasetVersionRepository
from core.repositories.datasets import DatasetRepository
from core.repositories.evaluation_cells import CellRepository
from core.repositories.evaluation_lines import EvaluationLineRepository
from core.repositories.evaluations import EvaluationRepository
from core.repositories.journal import JournalRepository
from core.repositories.scores import ScoreRepository
from core.services.batches import Cancels
from core.services.evaluation_drive import EvaluationDrive, EvaluationLoop
from core.services.evaluation_planning import EvaluationPlanner, NewEvaluation, Prepared

__all__ = ["EvaluationService", "NewEvaluation"]

GONE = Err("not_found", "There is no such evaluation.")
_SPEED_OVER = timedelta(minutes=1)

Evaluations = list[Evaluation]
Lines = list[CellLine]
Cells = list[Cell]


class EvaluationService:
    """Everything a person or a command does with evaluations."""

    def __init__(
        self, engine: Engine, planner: EvaluationPlanner, runs: Cancels, loop: EvaluationLoop, *, drives: bool
    ) -> None:
        """`drives`: this process looks after what it begins; else another one or a command does."""
        self._engine, self._planner, self._runs = engine, planner, runs
        self._loop, self._drives = loop, drives

    def list(self, search: str = "") -> Evaluations:
        """Newest first."""
        with UnitOfWork(self._engine) as unit:
            return EvaluationRepository(unit.session).list(search.strip())

    def get(self, evaluation_id: UUID) -> Evaluation | None:
        with UnitOfWork(self._engine) as unit:
            return EvaluationRepository(unit.session).get(evaluation_id)

    def estimate(self, wanted: NewEvaluation) -> Result[Estimate]:
        """What it will take: shown before it starts."""
        prepared = self._planner.prepare(wanted)
        return prepared if isinstance(prepared, Err) else Ok(prepared.value.estimate)

    def start(self, wanted: NewEvaluation, who: str) -> Result[Evaluation]:
        """Freeze everything, plan every cell and begin."""
        prepared = self._planner.prepare(wanted)
        if isinstance(prepared, Err):
            return prepared
        ready = prepared.value
        evaluation = Evaluation(
            id=ids.new_id(),
            name=wanted.name.strip(),
            dataset_id=wanted.dataset_id,
            version=ready.version,
            plan=ready.plan,
            evaluators=ready.evaluators,
            ceiling_usd=wanted.ceiling_usd,
            created_by=who,
            created_at=datetime.now(UTC),
        )
        with UnitOfWork(self._engine) as unit:
            if not _freeze(unit, wanted.dataset_id, ready):
                return Err("conflict", "Somebody changed the dataset at the same moment. Look at it, then start again.")
            added = EvaluationRepository(unit.session).add(evaluation)
            if isinstance(added, Err):
                return added
            CellRepository(unit.session, evaluation.id).plan(len(ready.plan.variants), ready.items, ready.plan.repeats)
            unit.commit()
        self._go()
        return added

    def pause(self, evaluation_id: UUID) -> Result[Evaluation]:
        """Begin nothing more. What is under way goes on to its end and is judged."""
        return self._change(evaluation_id, {"running"}, status="paused", reason="")

    def resume(self, evaluation_id: UUID, ceiling_usd: float | None = None) -> Result[Evaluation]:
        """Go on, with a higher ceiling if one is given. One that runs already goes on running."""
        changes: dict[str, Any] = {} if ceiling_usd is None else {"ceiling_usd": ceiling_usd}
        held = EvaluationDrive(self._engine, None).open_runs(evaluation_id)

        def let_go_on(unit: UnitOfWork) -> None:
            journal = JournalRepository(unit.session.connection())
            for run_id in held:
                journal.let_go_on(run_id)

        return self._change(evaluation_id, {"paused", "running"}, let_go_on, status="running", reason="", **changes)

    def cancel(self, evaluation_id: UUID, who: str = "") -> Result[Evaluation]:
        """Stop what is under way and begin nothing more. What has ended stays."""
        changed = self._change(evaluation_id, {"running", "paused"}, status="cancelled", reason="")
        if isinstance(changed, Ok):
            for run_id in EvaluationDrive(self._engine, None).open_runs(evaluation_id):
                self._runs.cancel(run_id, who, "The evaluation was cancelled.")
        return changed

    def judge_again(self, evaluation_id: UUID, evaluators: Sequence[Evaluator]) -> Result[Evaluation]:
        """Other evaluators for the answers that are there. No variant is asked again; scores of before are kept."""
        used = self._planner.used(evaluators)
        if isinstance(used, Err):
            return used

        def look_again(unit: UnitOfWork) -> None:
            CellRepository(unit.session, evaluation_id).judge_again()

        return self._change(
            evaluation_id, {"paused", "done"}, look_again, status="running", reason="", evaluators=used.value
        )

    def vote(
        self, evaluation_id: UUID, cell: CellKey, evaluator: HumanVote, who: str, *, passed: bool, reason: str = ""
    ) -> None:
        """A person's verdict; their last one counts."""
        score = Score(
            evaluator=evaluator.hash(), passed=passed, value=float(passed), reason=reason, who=who or "somebody"
        )
        with UnitOfWork(self._engine) as unit:
            ScoreRepository(unit.session, evaluation_id).add(cell, [score])
            EvaluationRepository(unit.session).update(evaluation_id)
            unit.commit()

    def progress(self, evaluation: Evaluation) -> Progress:
        evaluation_id, age = evaluation.id, datetime.now(UTC) - evaluation.created_at
        span = max(timedelta(seconds=1), min(age, _SPEED_OVER))
        with UnitOfWork(self._engine, snapshot=True) as unit:
            cells, lines = (
                CellRepository(unit.session, evaluation_id),
                EvaluationLineRepository(unit.session, evaluation_id),
            )
            counts, pending = cells.counts(), ScoreRepository(unit.session, evaluation_id).pending()
            under_way = lines.statuses(run_id for run_id, _ in cells.under_way().values())
            return Progress(
                cells=sum(counts.values()),
                ended=counts.get("ended", 0),
                under_way=counts.get("under_way", 0),
                waiting=sum(status == "waiting" for status, _ in under_way.values()),
                failed=lines.failed(),
                impossible=counts.get("impossible", 0),
                unjudged=len(pending),
                per_minute=lines.ended_since(span) / span.total_seconds() * 60,
                charged_usd=_charged_usd(unit, evaluation),
            )

    def lines(self, evaluation: Evaluation) -> Lines:
        """Every cell in short, judged by the evaluators that count now."""
        with UnitOfWork(self._engine) as unit:
            return EvaluationLineRepository(unit.session, evaluation.id).lines(evaluation.by_hash)

    def cells(self, evaluation: Evaluation, lines: Iterable[CellLine]) -> Cells:
        """The same cells with their answers and scores."""
        by_key = {CellKey(line.variant, line.item, line.repeat): line for line in lines}
        with UnitOfWork(self._engine) as unit:
            outputs = EvaluationLineRepository(unit.session, evaluation.id).outputs(by_key)
            scores = ScoreRepository(unit.session, evaluation.id).of_cells(by_key, evaluation.by_hash)
            problems = CellRepository(unit.session, evaluation.id).problems(by_key)
        return [
            Cell(
                line=line,
                output=outputs.get(key, ""),
                problem=problems.get(key, ""),
                scores=tuple(scores.get(key, ())),
            )
            for key, line in by_key.items()
        ]

    def by_evaluator(self, evaluation: Evaluation) -> dict[tuple[str, int], tuple[int, int]]:
        """By evaluator's revision and variant: how many cells passed, of how many judged."""
        with UnitOfWork(self._engine) as unit:
            return EvaluationLineRepository(unit.session, evaluation.id).by_evaluator(list(evaluation.by_hash))

    def not_recorded(self, evaluation: Evaluation, limit: int = 20) -> tuple[NotRecorded, ...]:
        """What the tools were asked for and nobody had recorded; nothing where tools are not recorded."""
        if evaluation.plan.tool_mode != "recorded":
            return ()
        with UnitOfWork(self._engine) as unit:
            return tuple(EvaluationLineRepository(unit.session, evaluation.id).not_recorded(limit))

    def _change(
        self,
        evaluation_id: UUID,
        allowed: set[str],
        also: Callable[[UnitOfWork], None] = lambda _: None,
        **changes: Any,
    ) -> Result[Evaluation]:
        with UnitOfWork(self._engine) as unit:
            evaluations = EvaluationRepository(unit.session)
            known = evaluations.get(evaluation_id, lock=True)
            if known is None:
                return GONE
            if known.status not in allowed:
                return Err("conflict", f"The evaluation is {known.status}.")
            evaluations.update(evaluation_id, **changes)
            also(unit)
            changed = evaluations.get(evaluation_id)
            unit.commit()
        self._go()
        return GONE if changed is None else Ok(changed)

    def _go(self) -> None:
        if self._drives:
            self._loop.start()
            self._loop.ring()


def _charged_usd(unit: UnitOfWork, evaluation: Evaluation) -> float:
    """What was spent and what is set aside: call by call where there is a ceiling, else by whole runs."""
    kept = AccountRepository(unit.session).charged_usd(evaluation.id)
    if kept is not None:
        return kept
    cells, scores = CellRepository(unit.session, evaluation.id), ScoreRepository(unit.session, evaluation.id)
    return cells.charged_usd() + scores.charged_usd()


def _freeze(unit: UnitOfWork, dataset_id: UUID, ready: Prepared) -> bool:
    """Whether the items are still those that were looked at; from here on they stay."""
    DatasetRepository(unit.session).get(dataset_id, lock=True)
    DatasetVersionRepository(unit.session, dataset_id).freeze(ready.version)
    return tuple(DatasetItemRepository(unit.session, dataset_id, ready.version).numbers()) == ready.items
