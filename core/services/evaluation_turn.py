"""One turn of an evaluation, in one transaction: what ended is judged, what there is room for begins.

The evaluation's row is locked meanwhile, so it does not matter how many processes look after it; and a process
that dies in the middle leaves nothing behind, since a cell is given its run in the transaction that records it.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from core import ids
from core.db.unit import UnitOfWork
from core.domain.dataset import Item
from core.domain.evaluation import CellKey, Evaluation, FrozenModel, PlannedVariant, Score, UsedEvaluator
from core.domain.evaluator import HumanVote, Judge, Verdict
from core.domain.event import Created, Event, Recorded
from core.domain.judging import judge, without_answer
from core.domain.observed import Observed, observed
from core.domain.purse import NO_ROOM, no_room
from core.domain.rubric import judged, question
from core.domain.run import ENDED, Run, RunSpec, RunStatus
from core.domain.spending import used_usd
from core.domain.template import render
from core.engine.state import fold
from core.repositories.dataset_items import DatasetItemRepository
from core.repositories.evaluation_cells import CellRepository
from core.repositories.evaluation_lines import EvaluationLineRepository
from core.repositories.evaluations import EvaluationRepository
from core.repositories.journal import JournalRepository
from core.repositories.scores import ScoreRepository
from core.services.evaluation_money import Beginning, Money, bound_of
from core.services.evaluation_recordings import ItemRecordings

AT_ONCE = 50
"""Cells judged in one turn: others wait for its transaction."""


class _Judging(NamedTuple):
    """A judging model that is to be asked about a cell."""

    evaluator: str
    model: FrozenModel
    question: str
    bound_usd: float


class Turn:
    """Made for one unit of work over a locked evaluation."""

    def __init__(self, unit: UnitOfWork, evaluation: Evaluation) -> None:
        session, one = unit.session, evaluation.id
        self._recordings = ItemRecordings(session, evaluation)
        self._evaluation = evaluation
        self._evaluations = EvaluationRepository(session)
        self._cells, self._scores = CellRepository(session, one), ScoreRepository(session, one)
        self._lines = EvaluationLineRepository(session, one)
        self._journal = JournalRepository(session.connection())
        self._items = DatasetItemRepository(session, evaluation.dataset_id, evaluation.version)
        self._money = Money(session, evaluation, self._cells.charged_usd() + self._scores.charged_usd())
        self._was_refused = self._has_changed = False
        self.begun: list[UUID] = []
        """The runs that were queued."""

    def take(self) -> bool:
        """Whether there may be more to do at once."""
        under_way, pending = self._cells.under_way(), self._scores.pending()
        statuses = self._lines.statuses([*(run_id for run_id, _ in under_way.values()), *pending.values()])
        open_runs = {run_id: where for run_id, where in statuses.items() if where[0] not in ENDED}
        self._read_judges({place: run_id for place, run_id in pending.items() if run_id not in open_runs})
        ended = {cell: run for cell, run in under_way.items() if run[0] not in open_runs}
        self._settle(dict(list(ended.items())[:AT_ONCE]))
        if self._evaluation.status == "running":
            if not self._was_refused:
                self._begin(open_runs)
            self._rest(has_open_runs=bool(open_runs or self.begun))
        if self._has_changed:
            self._evaluations.update(self._evaluation.id)
        return len(ended) > AT_ONCE

    def _read_judges(self, pending: Mapping[tuple[CellKey, str], UUID]) -> None:
        self._has_changed |= bool(pending)
        journals = self._journal.read_many(pending.values())
        for (cell, evaluator), run_id in pending.items():
            used = self._evaluation.by_hash.get(evaluator)
            verdict, cost = _said_by(used, journals.get(run_id))
            self._scores.judged(cell, evaluator, verdict, self._money.cost_of(run_id, cost))

    def _settle(self, ended: Mapping[CellKey, tuple[UUID, float]]) -> None:
        self._has_changed |= bool(ended)
        journals = self._journal.read_many(run_id for run_id, _ in ended.values())
        items = self._items.some({cell.item for cell in ended})
        for cell, (run_id, charged_usd) in ended.items():
            if run_id in journals:
                self._take_in(cell, run_id, observed(fold(journals[run_id])), items[cell.item], charged_usd)
            else:  # cleaned away before it was judged
                self._cells.end(cell, charged_usd)

    def _take_in(self, cell: CellKey, run_id: UUID, run: Observed, item: Item, charged_usd: float) -> None:
        """A run that the ceiling stopped in the middle has not answered: its cell waits for a higher one."""
        price = self._evaluation.plan.variants[cell.variant].price
        cost_usd = self._money.cost_of(run_id, used_usd(run.totals.usage, price, charged_usd))
        if NO_ROOM in run.fault:
            self._was_refused |= no_room(self._evaluation.ceiling_usd or 0.0) in run.fault  # not if it was raised since
            self._cells.again(cell)
        elif self._judge(cell, run, item):
            self._cells.end(cell, cost_usd)

    def _judge(self, cell: CellKey, run: Observed, item: Item) -> bool:
        """Whether there was the money to have it judged."""
        known = self._scores.known(cell)
        scores, judgings = list[Score](), list[_Judging]()
        for name, used in self._evaluation.by_hash.items():
            if name in known or isinstance(used.evaluator, HumanVote):
                continue
            said = _verdict(name, used, item, run)
            if isinstance(said, Score):
                scores.append(said)
            else:
                judgings.append(said)
        begun = [self._beginning(one) for one in judgings]
        if not self._money.affords(begun):
            return False
        self._scores.add(cell, scores)
        for judging, beginning in zip(judgings, begun, strict=True):
            self._queue(beginning, None, ("judge",))
            pending = Score(evaluator=judging.evaluator, passed=None, run_id=beginning.run_id, pending=True)
            self._scores.add(cell, [pending], judging.bound_usd)
        return True

    def _beginning(self, judging: _Judging) -> Beginning:
        return Beginning(ids.new_id(), self._money.shared(judging.model.frozen, judging.model), judging.question)

    def _begin(self, open_runs: Mapping[UUID, tuple[RunStatus, str]]) -> None:
        """As many cells as there is room for at each endpoint. A run that waits for a person takes up none."""
        self._money.look()
        busy = Counter(endpoint for status, endpoint in open_runs.values() if status != "waiting")
        variants = self._evaluation.plan.variants
        for endpoint in dict.fromkeys(variant.frozen.endpoint.name for variant in variants):
            room = self._evaluation.plan.parallel - busy[endpoint]
            theirs = [place for place, variant in enumerate(variants) if variant.frozen.endpoint.name == endpoint]
            while room > 0 and (cells := self._cells.planned(theirs, room)):
                begun = self._begin_some(cells)
                room -= begun
                if self._money.lacks:
                    return

    def _begin_some(self, cells: list[CellKey]) -> int:
        numbers = {cell.item for cell in cells}
        items = self._items.some(numbers)
        self._recordings.look_for(numbers)
        return sum(not self._money.lacks and self._begin_one(cell, items[cell.item]) for cell in cells)

    def _begin_one(self, cell: CellKey, item: Item) -> bool:
        self._has_changed = True
        variant = self._evaluation.plan.variants[cell.variant]
        spec = rendered(variant, item)
        if isinstance(spec, str):
            self._cells.give_up(cell, spec)
            return False
        begun = Beginning(ids.new_id(), self._money.shared(spec, variant), item.input)
        expected = self._money.begins(begun, cell.variant, bound_of(spec, variant, item.input))
        if expected is None:
            return False
        self._queue(begun, variant, (), self._recordings.of(cell))
        self._cells.begin(cell, begun.run_id, expected)
        return True

    def _queue(
        self,
        begun: Beginning,
        variant: PlannedVariant | None,
        tags: tuple[str, ...],
        recorded: tuple[Recorded, ...] = (),
    ) -> None:
        run_id, spec, text = begun
        run = Run(
            id=run_id,
            kind="evaluation",
            status="queued",
            agent_id=variant.agent_id if variant else None,
            agent_name=variant.agent_name if variant else "",
            revision=variant.revision if variant else None,
            model=spec.model,
            endpoint=spec.endpoint.name,
            input=text[:4_000],
            tags=(f"evaluation:{self._evaluation.id}", *tags),
            created_by=self._evaluation.created_by,
            created_at=datetime.now(UTC),
            batch_id=self._evaluation.id,
        )
        self._journal.create(run, (Created(spec=spec, input=text, recorded=recorded),))
        self.begun.append(run.id)

    def _rest(self, *, has_open_runs: bool) -> None:
        """An evaluation that nothing can be done for any more says why."""
        if has_open_runs and not self._was_refused:
            return
        if self._money.lacks or self._was_refused:
            reason = (
                f"The ceiling of ${self._evaluation.ceiling_usd:,.4f} leaves no room for the next call: "
                f"${self._money.charged_usd:,.4f} are spent or set aside. Raise it to go on."
            )
            self._evaluations.update(self._evaluation.id, status="paused", reason=reason)
            return
        counts = self._cells.counts()
        if not counts.get("planned") and not counts.get("under_way") and not self._scores.pending():
            self._evaluations.update(self._evaluation.id, status="done", reason="")


def rendered(variant: PlannedVariant, item: Item) -> RunSpec | str:
    """What the variant runs on the item, or why it cannot."""
    prompt = render(variant.spec.instructions, variant.spec.variables, item.variables)
    if prompt.missing:
        return f"The item gives no value for {', '.join(prompt.missing)}."
    if prompt.bad:
        return " ".join(bad.message for bad in prompt.bad)
    filled = tuple(span for span in prompt.spans if span.origin == "variable")
    return msgspec.structs.replace(variant.frozen, instructions=prompt.text, filled=filled)


def _verdict(name: str, used: UsedEvaluator, item: Item, run: Observed) -> Score | _Judging:
    evaluator = used.evaluator
    assert not isinstance(evaluator, HumanVote)
    if not isinstance(evaluator, Judge):
        return _score(name, judge(evaluator, item, run))
    if (without := without_answer(run)) is not None:
        return _score(name, without)
    assert used.model is not None
    text = question(evaluator, item, run.output)
    return _Judging(name, used.model, text, bound_of(used.model.frozen, used.model, text) or 0.0)


def _score(name: str, verdict: Verdict) -> Score:
    return Score(evaluator=name, passed=verdict.passed, value=verdict.value, reason=verdict.reason)


def _said_by(used: UsedEvaluator | None, journal: list[Event] | None) -> tuple[Verdict, float]:
    """The verdict of a judging model's run, and what it cost."""
    if used is None or not isinstance(used.evaluator, Judge) or journal is None:
        return Verdict(passed=None, reason="This judging model is not asked any more."), 0.0
    run = observed(fold(journal))
    price = used.model.price if used.model else None
    cost = used_usd(run.totals.usage, price, 0.0)
    if run.status != "done":
        return Verdict(passed=None, reason=f"The judging model did not answer. {run.fault}".strip()), cost
    return judged(used.evaluator, run.output), cost
