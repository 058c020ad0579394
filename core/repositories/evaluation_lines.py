"""The reading queries over evaluations, their runs and their scores together."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Integer, Select, Subquery, case, cast, func, select, tuple_
from sqlalchemy.orm import Session

from core.db.evaluation_tables import EvaluationCellRow, ScoreRow
from core.db.run_tables import RunRow
from core.domain.evaluation import CellKey, CellLine
from core.domain.run import ENDED, RunStatus

_SECONDS = cast(RunRow.totals["active_s"].astext, Float)
_TOKENS = cast(RunRow.totals["usage"]["total_tokens"].astext, Integer)
_COST_USD = cast(RunRow.totals["usage"]["cost_usd"].astext, Float)
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
        place = tuple_(*_KEY).in_([tuple(cell) for cell in cells])
        rows = self._session.execute(
            select(*_KEY, RunRow.output)
            .join(RunRow, RunRow.id == EvaluationCellRow.run_id)
            .where(EvaluationCellRow.evaluation_id == self._evaluation_id, place)
        )
        return {CellKey(*row[:3]): row[3] for row in rows}

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
