"""Scores: the table `scores`."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.evaluation_tables import ScoreRow as Row
from core.domain.evaluation import CellKey, Score
from core.domain.evaluator import Verdict
from core.repositories.places import among

_KEY = (Row.variant, Row.item, Row.repeat)


class ScoreRepository:
    """Reads and writes the scores of one evaluation."""

    def __init__(self, session: Session, evaluation_id: UUID) -> None:
        self._session, self._evaluation_id = session, evaluation_id

    def add(self, cell: CellKey, scores: Sequence[Score], bound_usd: float = 0.0) -> None:
        """Of these evaluators on this cell. A person who votes again changes their vote."""
        rows = [
            {"evaluation_id": self._evaluation_id, **cell._asdict(), "charged_usd": bound_usd, **_columns(score)}
            for score in scores
        ]
        if not rows:
            return
        statement = insert(Row).values(rows)
        changed = {name: statement.excluded[name] for name in ("passed", "value", "reason", "at")}
        self._session.execute(statement.on_conflict_do_update(constraint="pk_scores", set_=changed))

    def known(self, cell: CellKey) -> set[str]:
        """Revisions of evaluators that have judged this cell, or are at it."""
        return set(self._session.scalars(select(Row.evaluator).where(self._mine(), *self._at(cell))))

    def pending(self) -> dict[tuple[CellKey, str], UUID]:
        """The runs of judging models that have not been read yet, by cell and evaluator."""
        rows = self._session.execute(select(*_KEY, Row.evaluator, Row.run_id).where(self._mine(), Row.pending))
        return {(CellKey(*row[:3]), row[3]): row[4] for row in rows if row[4] is not None}

    def judged(self, cell: CellKey, evaluator: str, verdict: Verdict, cost_usd: float) -> None:
        """A judging model has answered."""
        values = {"passed": verdict.passed, "value": verdict.value, "reason": verdict.reason}
        self._session.execute(
            update(Row)
            .where(self._mine(), *self._at(cell), Row.evaluator == evaluator, Row.pending)
            .values(**values, pending=False, charged_usd=cost_usd, at=func.clock_timestamp())
        )

    def of_cells(self, cells: Iterable[CellKey], evaluators: Iterable[str]) -> dict[CellKey, list[Score]]:
        wanted = set(cells)
        there = self._mine() & among(Row, wanted) & Row.evaluator.in_(list(evaluators))
        found: dict[CellKey, list[Score]] = {}
        for row in self._session.scalars(select(Row).where(there).order_by(Row.at)):
            if (key := CellKey(row.variant, row.item, row.repeat)) in wanted:
                found.setdefault(key, []).append(msgspec.convert(row, Score, from_attributes=True))
        return found

    def charged_usd(self) -> float:
        """What judging models cost, and at most what those under way will."""
        return self._session.scalar(select(func.coalesce(func.sum(Row.charged_usd), 0.0)).where(self._mine())) or 0.0

    def _mine(self) -> ColumnElement[bool]:
        return Row.evaluation_id == self._evaluation_id

    def _at(self, cell: CellKey) -> tuple[ColumnElement[bool], ...]:
        return (Row.variant == cell.variant, Row.item == cell.item, Row.repeat == cell.repeat)


def with_pending_scores(session: Session) -> set[UUID]:
    """Evaluations whose judging models are at work."""
    return set(session.scalars(select(Row.evaluation_id).where(Row.pending).distinct()))


def _columns(score: Score) -> dict[str, object]:
    return {**msgspec.structs.asdict(score), "at": func.clock_timestamp()}
