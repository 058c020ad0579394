"""Evaluations: the table `evaluations`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.evaluation_tables import EvaluationRow
from core.domain.evaluation import Evaluation, EvaluationStatus
from core.domain.result import Err, Result
from core.repositories.writing import inserted, matches

_REFUSALS = {"ck_evaluations_name_length": Err("invalid", "A name has 1 to 100 characters.", "name")}

_TRIALS = 200
"""So many of the newest evaluations of a dataset are looked through for one of a revision."""

Evaluations = list[Evaluation]


class EvaluationRepository:
    """Reads and writes rows of `evaluations`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, evaluation_id: UUID, *, lock: bool = False) -> Evaluation | None:
        """`lock` waits for whoever is at work on it, and keeps others out until the unit of work ends."""
        return self._one(evaluation_id, "wait" if lock else "")

    def free(self, evaluation_id: UUID) -> Evaluation | None:
        """Locked for this unit of work; None where another process is at work on it, or there is none."""
        return self._one(evaluation_id, "skip")

    def list(self, search: str = "", limit: int = 100) -> list[Evaluation]:
        """Newest first."""
        statement = select(EvaluationRow).order_by(EvaluationRow.id.desc()).limit(limit)
        if search:
            statement = statement.where(matches(search, (EvaluationRow.name,)))
        return [_evaluation(row) for row in self._session.scalars(statement)]

    def of_dataset(self, dataset_id: UUID, version: int) -> Evaluations:
        """Those on this version of a dataset, newest first."""
        mine = (EvaluationRow.dataset_id == dataset_id) & (EvaluationRow.version == version)
        rows = self._session.scalars(select(EvaluationRow).where(mine).order_by(EvaluationRow.id.desc()).limit(_TRIALS))
        return [_evaluation(row) for row in rows]

    def running(self) -> set[UUID]:
        return set(self._session.scalars(select(EvaluationRow.id).where(EvaluationRow.status == "running")))

    def add(self, evaluation: Evaluation) -> Result[Evaluation]:
        values = {name: getattr(evaluation, name) for name in evaluation.__struct_fields__}
        row = EvaluationRow(
            **values | {"plan": _plain(evaluation.plan), "evaluators": _plain(evaluation.evaluators)},
        )
        return inserted(self._session, row, Evaluation, _REFUSALS)

    def update(self, evaluation_id: UUID, **changes: Any) -> None:
        """Set the given columns, if any, and count the change; one that comes to rest is given its end, one that goes on loses it."""
        status: EvaluationStatus | None = changes.get("status")
        if status is not None:
            changes["ended_at"] = func.clock_timestamp() if status in {"done", "cancelled"} else None
        values = {name: _plain(value) if name == "evaluators" else value for name, value in changes.items()}
        values["changes"] = EvaluationRow.changes + 1
        self._session.execute(update(EvaluationRow).where(EvaluationRow.id == evaluation_id).values(**values))

    def _one(self, evaluation_id: UUID, lock: str) -> Evaluation | None:
        statement = (
            select(EvaluationRow).where(EvaluationRow.id == evaluation_id).execution_options(populate_existing=True)
        )
        if lock:
            statement = statement.with_for_update(skip_locked=lock == "skip")
        row = self._session.scalar(statement)
        return None if row is None else _evaluation(row)


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)


def _evaluation(row: EvaluationRow) -> Evaluation:
    return msgspec.convert(row, Evaluation, from_attributes=True)
