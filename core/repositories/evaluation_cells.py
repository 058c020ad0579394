"""Cells of evaluations: the table `evaluation_cells`."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, func, insert, literal, select, update
from sqlalchemy.orm import Session

from core.db.evaluation_tables import EvaluationCellRow as Row
from core.domain.evaluation import CellKey
from core.repositories.places import among

_KEY = (Row.variant, Row.item, Row.repeat)


class CellRepository:
    """Reads and writes the cells of one evaluation."""

    def __init__(self, session: Session, evaluation_id: UUID) -> None:
        self._session, self._evaluation_id = session, evaluation_id

    def plan(self, variants: int, items: Iterable[int], repeats: int) -> None:
        """Every cell there will be."""
        numbers = list(items)
        for variant in range(variants):
            for repeat in range(1, repeats + 1):
                item = func.unnest(numbers).column_valued("item")
                cells = select(self._id(), literal(variant, Integer), item, literal(repeat, Integer))
                columns = ("evaluation_id", "variant", "item", "repeat")
                self._session.execute(insert(Row).from_select(columns, cells))

    def planned(self, variants: Iterable[int], limit: int) -> list[CellKey]:
        """The next cells of these variants: item by item, so that the variants advance together."""
        mine = self._mine() & (Row.state == "planned") & Row.variant.in_(list(variants))
        order = (Row.repeat, Row.item, Row.variant)
        return [CellKey(*row) for row in self._session.execute(select(*_KEY).where(mine).order_by(*order).limit(limit))]

    def under_way(self) -> dict[CellKey, tuple[UUID, float]]:
        """Their runs, and what is charged for each so far."""
        statement = select(*_KEY, Row.run_id, Row.charged_usd).where(self._mine(), Row.state == "under_way")
        rows = self._session.execute(statement.order_by(Row.run_id))
        return {CellKey(*row[:3]): (row[3], row[4]) for row in rows if row[3] is not None}

    def begin(self, cell: CellKey, run_id: UUID, expected_usd: float) -> None:
        """Give the cell its run. Belongs into the transaction that records the run."""
        self._set(cell, "planned", run_id=run_id, state="under_way", charged_usd=expected_usd)

    def end(self, cell: CellKey, cost_usd: float) -> None:
        self._set(cell, "under_way", state="ended", charged_usd=cost_usd)

    def again(self, cell: CellKey) -> None:
        """Its run was stopped before it answered: it is to be asked anew."""
        self._set(cell, "under_way", state="planned", run_id=None, charged_usd=0.0)

    def give_up(self, cell: CellKey, problem: str) -> None:
        """No run can be made of it."""
        self._set(cell, "planned", state="impossible", problem=problem)

    def judge_again(self) -> None:
        """Every answer that was judged is looked at once more, for evaluators that have not seen it."""
        self._session.execute(update(Row).where(self._mine(), Row.state == "ended").values(state="under_way"))

    def counts(self) -> dict[str, int]:
        rows = self._session.execute(select(Row.state, func.count()).where(self._mine()).group_by(Row.state))
        return dict(list(rows))

    def charged_usd(self) -> float:
        """What ended cells cost, and at most what those under way will."""
        return self._session.scalar(select(func.coalesce(func.sum(Row.charged_usd), 0.0)).where(self._mine())) or 0.0

    def dearest(self) -> dict[int, float]:
        """By variant, what the dearest of its cells cost that have ended."""
        ended = self._mine() & (Row.state == "ended")
        rows = self._session.execute(select(Row.variant, func.max(Row.charged_usd)).where(ended).group_by(Row.variant))
        return {row[0]: row[1] for row in rows}

    def problems(self, cells: Iterable[CellKey]) -> dict[CellKey, str]:
        """By cell; those without a problem are left out."""
        wanted = set(cells)
        there = self._mine() & among(Row, wanted) & (Row.problem != "")
        rows = self._session.execute(select(*_KEY, Row.problem).where(there))
        return {key: row[3] for row in rows if (key := CellKey(*row[:3])) in wanted}

    def _set(self, cell: CellKey, was: str, **values: Any) -> None:
        here = (Row.variant == cell.variant, Row.item == cell.item, Row.repeat == cell.repeat)
        self._session.execute(update(Row).where(self._mine(), *here, Row.state == was).values(**values))

    def _mine(self) -> ColumnElement[bool]:
        return Row.evaluation_id == self._evaluation_id

    def _id(self) -> Any:
        return literal(self._evaluation_id, Row.evaluation_id.type)


def with_cells_under_way(session: Session) -> set[UUID]:
    """Evaluations that somebody has to look after, whatever their status."""
    return set(session.scalars(select(Row.evaluation_id).where(Row.state == "under_way").distinct()))
