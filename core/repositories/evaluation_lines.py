"""The reading queries over evaluations, their runs and their scores together."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Integer, Select, Subquery, Text, case, cast, func, select
from sqlalchemy.orm import Session

from core.db.evaluation_tables import EvaluationCellRow, EvaluationRow, ScoreRow
from core.db.run_tables import RunEventRow, RunRow
from core.domain.evaluation import MOST_VARIANTS, CellKey, CellLine, NotRecorded
from core.domain.event import NOT_RECORDED, Refused, decode
from core.domain.run import ENDED, RunStatus
from core.repositories.places import among

_SECONDS = cast(RunRow.totals["active_s"].astext, Float)
_TOKENS = cast(RunRow.totals["usage"]["total_tokens"].astext, Integer)
_COST_USD = cast(RunRow.totals["usage"]["cost_usd"].astext, Float)
_EARLIER = 20
"""So many evaluations of the same dataset are looked through for recorded results."""
_WHOLE = (EvaluationCellRow.state == "ended") & (EvaluationCellRow.charged_usd > 0)
_KEY = (EvaluationCellRow.variant, EvaluationCellRow.item, EvaluationCellRow.repeat)


class EvaluationLineRepository:
    """Reads one evaluation as lists and charts need it."""

    def __init__(self, session: Session, evaluation_id: UUID) -> None:
        self._session, self._evaluation_id = session, evaluation_id

    def lines(self, evaluators: Iterable[str]) -> list[CellLine]:
        """Every cell, judged by these revisions; in the order of the items."""
        said = _verdicts(self._evaluation_id, list(evaluators))
        cell = EvaluationCellRow
        statement = (
            select(
                *_KEY,
                cell.state,
                cell.run_id,
                RunRow.status,
                RunRow.error_kind,
                func.md5(RunRow.output).label("answer"),
                case((RunRow.status.in_(ENDED), _SECONDS)).label("seconds"),
                _TOKENS.label("tokens"),
                func.coalesce(_COST_USD, case((_WHOLE, cell.charged_usd))).label("cost_usd"),
                said.c.passed,
                said.c.value,
            )
            .outerjoin(RunRow, RunRow.id == cell.run_id)
            .outerjoin(
                said,
                (said.c.variant == cell.variant) & (said.c.item == cell.item) & (said.c.repeat == cell.repeat),
            )
            .where(cell.evaluation_id == self._evaluation_id)
            .order_by(cell.item, cell.variant, cell.repeat)
        )
        return [CellLine(*row) for row in self._session.execute(statement)]

    def outputs(self, cells: Iterable[CellKey]) -> dict[CellKey, str]:
        """The beginnings of their answers."""
        wanted = set(cells)
        rows = self._session.execute(
            select(*_KEY, RunRow.output)
            .join(RunRow, RunRow.id == EvaluationCellRow.run_id)
            .where(EvaluationCellRow.evaluation_id == self._evaluation_id, among(EvaluationCellRow, wanted))
        )
        return {key: row[3] for row in rows if (key := CellKey(*row[:3])) in wanted}

    def earlier_runs(self, dataset_id: UUID, items: Collection[int]) -> dict[int, list[UUID]]:
        """The runs that these items of a dataset had in the evaluations before this one, by item."""
        before = (
            select(EvaluationRow.id)
            .where(EvaluationRow.dataset_id == dataset_id, EvaluationRow.id < self._evaluation_id)
            .order_by(EvaluationRow.id.desc())
            .limit(_EARLIER)
        )
        cell = EvaluationCellRow
        rows = self._session.execute(
            select(cell.item, cell.run_id)
            .where(cell.evaluation_id.in_(list(self._session.scalars(before))))
            .where(cell.variant.in_(range(MOST_VARIANTS)), cell.item.in_(list(items)))
        )
        found: dict[int, list[UUID]] = {}
        for item, run_id in rows:
            if run_id is not None:
                found.setdefault(item, []).append(run_id)
        return found

    def not_recorded(self, limit: int) -> list[NotRecorded]:
        """Calls that were refused because nothing recorded could stand in for them, those of most cells first."""
        told = cast(RunEventRow.body, Text)
        rows = self._session.execute(
            select(told, func.count(EvaluationCellRow.run_id.distinct()).label("cells"))
            .join(EvaluationCellRow, EvaluationCellRow.run_id == RunEventRow.run_id)
            .where(EvaluationCellRow.evaluation_id == self._evaluation_id, RunEventRow.kind == "refused")
            .where(told.contains(NOT_RECORDED))
            .group_by(told)
        )
        found = Counter[tuple[str, str]]()
        for body, cells in rows:
            fact = decode(body)
            assert isinstance(fact, Refused)
            found[fact.name, fact.arguments] += cells
        return [NotRecorded(*call, cells) for call, cells in found.most_common(limit)]

    def statuses(self, run_ids: Iterable[UUID]) -> dict[UUID, tuple[RunStatus, str]]:
        """Where runs stand, and at which endpoint; unknown ids are left out."""
        rows = self._session.execute(
            select(RunRow.id, RunRow.status, RunRow.endpoint).where(RunRow.id.in_(list(run_ids)))
        )
        return {row.id: (row.status, row.endpoint) for row in rows}

    def failed(self) -> int:
        return self._count(RunRow.status == "failed")

    def ended_since(self, span: timedelta) -> int:
        """Cells whose run ended within the last `span`."""
        return self._count(RunRow.ended_at > func.clock_timestamp() - span)

    def by_evaluator(self, evaluators: Sequence[str]) -> dict[tuple[str, int], tuple[int, int]]:
        """By revision and variant: how many cells passed, and how many were judged."""
        each = _each(self._evaluation_id, evaluators).subquery()
        rows = self._session.execute(
            select(each.c.evaluator, each.c.variant, func.count().filter(each.c.passed), func.count())
            .where(each.c.passed.is_not(None))
            .group_by(each.c.evaluator, each.c.variant)
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    def _count(self, condition: Any) -> int:
        statement = (
            select(func.count())
            .select_from(EvaluationCellRow)
            .join(RunRow, RunRow.id == EvaluationCellRow.run_id)
            .where(EvaluationCellRow.evaluation_id == self._evaluation_id, condition)
        )
        return self._session.scalar(statement) or 0


def _each(evaluation_id: UUID, evaluators: Sequence[str]) -> Select[Any]:
    """One row a cell and evaluator: of several people the majority counts, and a tie is no pass."""
    place = (ScoreRow.variant, ScoreRow.item, ScoreRow.repeat, ScoreRow.evaluator)
    return (
        select(
            *place,
            (func.avg(cast(ScoreRow.passed, Integer)) > 0.5).label("passed"),
            func.avg(ScoreRow.value).label("value"),
        )
        .where(ScoreRow.evaluation_id == evaluation_id, ScoreRow.evaluator.in_(evaluators), ~ScoreRow.pending)
        .group_by(*place)
    )


def _verdicts(evaluation_id: UUID, evaluators: Sequence[str]) -> Subquery:
    each = _each(evaluation_id, evaluators).subquery()
    return (
        select(
            each.c.variant,
            each.c.item,
            each.c.repeat,
            func.bool_and(each.c.passed).label("passed"),
            func.avg(each.c.value).label("value"),
        )
        .group_by(each.c.variant, each.c.item, each.c.repeat)
        .subquery()
    )
