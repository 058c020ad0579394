"""The runs of a comparison: every column asked at once, each on its own, none held back by another's failure."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.attachment import Attachment, Upload
from core.domain.comparison import (
    MOST_RUNS,
    Column,
    Comparison,
    Turn,
    parent_of,
    with_problem,
    with_runs,
    with_turn,
)
from core.domain.event import Recorded
from core.domain.result import Err, Ok, Result
from core.domain.run import ENDED, Run
from core.ids import new_id
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService
from core.services.comparison_writes import TAG
from core.services.comparisons import TITLE_CHARS, Change, ComparisonService
from core.services.recorded_results import results_of
from core.services.run_spec import StartRun
from core.services.runs import RunService
from core.services.variants import Resolved, VariantService, start_of

Planned = tuple[UUID, UUID]
"""A column and the id of a run it is to have."""


class ComparisonRunService:
    """A run's id is kept in the comparison before it starts, so a crash in between loses none and starts none twice."""

    def __init__(
        self,
        engine: Engine,
        comparisons: ComparisonService,
        variants: VariantService,
        runs: RunService,
        attachments: AttachmentService,
    ) -> None:
        self._engine, self._comparisons, self._variants, self._runs = engine, comparisons, variants, runs
        self._attachments = attachments

    def send(
        self,
        comparison_id: UUID,
        text: str,
        who: str,
        values: dict[str, str] | None = None,
        files: Sequence[Upload] = (),
    ) -> Result[Comparison]:
        """The same next message to every column that has answered the one before. The columns go on separately."""
        if not text.strip() and not files:
            return Err("invalid", "Write a message first.", "input")
        attachments = self._stored(files, who)
        if isinstance(attachments, Err):
            return attachments
        asked = Turn(input=text, values=values or {}, attachments=attachments.value)
        planned: list[Planned] = []

        def plan(one: Comparison) -> Result[Comparison]:
            if self._is_busy(one):
                return Err("conflict", "Not every column has finished yet. Wait for it or stop it first.")
            turn, one = len(one.turns), with_turn(one, asked)
            ready = [column.id for column in one.shown if isinstance(parent_of(one, turn, column.id), Ok)]
            planned.extend((column_id, new_id()) for column_id in ready)
            return _planned(replace(one, title=one.title or _title(asked)), turn, planned)

        return self._go(comparison_id, plan, planned, who)

    def _stored(self, files: Sequence[Upload], who: str) -> Result[tuple[Attachment, ...]]:
        """The files of a message, looked at and kept before any column is asked."""
        taken = self._attachments.take(files)
        if isinstance(taken, Err):
            return taken
        with UnitOfWork(self._engine) as unit:
            self._attachments.keep(unit.session.connection(), taken.value.new, who)
            unit.commit()
        return Ok(taken.value.attachments)

    def run_again(
        self, comparison_id: UUID, turn: int, who: str, columns: Sequence[UUID] = (), times: int = 1
    ) -> Result[Comparison]:
        """A message once more, or as often as wanted, in these columns; without any in all that are shown."""
        if not 1 <= times <= MOST_RUNS:
            return Err("invalid", f"A message is run 1 to {MOST_RUNS} times at once.", "times")
        planned: list[Planned] = []

        def plan(one: Comparison) -> Result[Comparison]:
            wanted = columns or [column.id for column in one.shown]
            planned.extend((column_id, new_id()) for column_id in wanted for _ in range(times))
            return _planned(one, turn, planned)

        return self._go(comparison_id, plan, planned, who, turn)

    def stop(self, comparison_id: UUID, who: str, column_id: UUID | None = None) -> Result[list[Run]]:
        """Stop what a column does, or all of them."""
        comparison = self._comparisons.get(comparison_id)
        if comparison is None:
            return Err("not_found", "There is no such comparison any more.")
        cells = [cell for turn in comparison.turns for cell in turn.cells if column_id in {None, cell.column}]
        live = [run for run in self._rows([run for cell in cells for run in cell.runs]) if run.status not in ENDED]
        stopped = [self._runs.cancel(run.id, who) for run in live]
        return Ok([one.value for one in stopped if isinstance(one, Ok)])

    def _go(
        self, comparison_id: UUID, plan: Change, planned: list[Planned], who: str, turn: int | None = None
    ) -> Result[Comparison]:
        kept = self._comparisons.change(comparison_id, plan)
        if isinstance(kept, Err):
            return kept
        at = len(kept.value.turns) - 1 if turn is None else turn
        return self._start_all(kept.value, at, planned, who)

    def _start_all(self, comparison: Comparison, turn: int, planned: list[Planned], who: str) -> Result[Comparison]:
        problems: list[tuple[UUID, UUID, str]] = []
        for column_id, run_id in planned:
            column = comparison.column(column_id)
            started = self._start(comparison, turn, column, run_id, who) if column else None
            if isinstance(started, Err):
                problems.append((column_id, run_id, started.message))
        if not problems:
            return Ok(comparison)

        def say(one: Comparison) -> Result[Comparison]:
            for column_id, run_id, message in problems:
                one = with_problem(one, turn, column_id, run_id, message)
            return Ok(one)

        return self._comparisons.change(comparison.id, say)

    def _start(self, comparison: Comparison, turn: int, column: Column, run_id: UUID, who: str) -> Result[Run]:
        resolved = self._variants.resolve(column.variant)
        parent = parent_of(comparison, turn, column.id)
        if isinstance(resolved, Err):
            return resolved
        if isinstance(parent, Err):
            return parent
        asked = comparison.turns[turn]
        parent_id = parent.value or self._before(comparison)
        start = replace(
            start_of(resolved.value, asked.input),
            kind="compare",
            run_id=run_id,
            parent_run_id=parent_id,
            from_start=parent_id is None,
            variables=asked.values,
            attachments=asked.attachments,
            who=who,
            tags=(tag(comparison.id),),
        )
        return self._runs.start(self._guarded(start, comparison, resolved.value))

    def _guarded(self, start: StartRun, comparison: Comparison, resolved: Resolved) -> StartRun:
        """Live, what changes the world asks first: no two columns do the same unseen (`ComparisonWrites`)."""
        mode = comparison.tool_mode
        recorded = self._recorded(comparison, resolved) if mode == "recorded" else ()
        return replace(
            start,
            tool_mode=mode,
            recorded=recorded,
            ask_before_writes=mode == "live" and len(comparison.shown) > 1,
        )

    def _recorded(self, comparison: Comparison, resolved: Resolved) -> tuple[Recorded, ...]:
        with UnitOfWork(self._engine) as unit:
            tools = [choice.name for choice in resolved.spec.tools]
            return results_of(unit.session, tools, {*comparison.runs(), *filter(None, [comparison.origin_run_id])})

    def _before(self, comparison: Comparison) -> UUID | None:
        """What the run that the comparison was begun from replied to: the first message replies to the same."""
        origin = self._runs.get(comparison.origin_run_id) if comparison.origin_run_id else None
        return origin.parent_run_id if origin else None

    def _is_busy(self, comparison: Comparison) -> bool:
        shown = {column.id for column in comparison.shown}
        cells = [cell for turn in comparison.turns[-1:] for cell in turn.cells if cell.column in shown]
        return any(run.status not in ENDED for run in self._rows([run for cell in cells for run in cell.runs]))

    def _rows(self, run_ids: Sequence[UUID]) -> list[Run]:
        with UnitOfWork(self._engine) as unit:
            return list(RunRepository(unit.session).some(run_ids).values())


def _title(turn: Turn) -> str:
    text = turn.input.strip() or ", ".join(one.name for one in turn.attachments)
    return " ".join(text.split())[:TITLE_CHARS]


def tag(comparison_id: UUID) -> str:
    """What every run of a comparison is tagged with."""
    return f"{TAG}{comparison_id}"


def _planned(comparison: Comparison, turn: int, planned: Sequence[Planned]) -> Result[Comparison]:
    """The comparison with every planned run in its cell."""
    for column_id in dict.fromkeys(column_id for column_id, _ in planned):
        made = with_runs(comparison, turn, column_id, [run for column, run in planned if column == column_id])
        if isinstance(made, Err):
            return made
        comparison = made.value
    return Ok(comparison)
