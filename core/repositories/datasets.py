"""Datasets: the table `datasets`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from core.db.evaluation_tables import DatasetRow
from core.domain.dataset import Dataset
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, inserted, matches, present

_REFUSALS = {
    "uq_datasets_name": Err("conflict", "A dataset of this name exists already.", "name"),
    "ck_datasets_name_length": Err("invalid", "A name has 1 to 100 characters.", "name"),
}


class DatasetRepository:
    """Reads and writes rows of `datasets`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, dataset_id: UUID, *, lock: bool = False) -> Dataset | None:
        """`lock` makes others who want to change the dataset wait until the unit of work ends."""
        return self._one(DatasetRow.id == dataset_id, lock=lock)

    def by_name(self, name: str) -> Dataset | None:
        return self._one(DatasetRow.name == name, lock=False)

    def list(self, search: str = "", *, archived: bool = False) -> list[Dataset]:
        """Those that changed last come first."""
        statement = select(DatasetRow).where(DatasetRow.archived == archived).order_by(DatasetRow.updated_at.desc())
        if search:
            statement = statement.where(matches(search, (DatasetRow.name, DatasetRow.description)))
        return [msgspec.convert(row, Dataset, from_attributes=True) for row in self._session.scalars(statement)]

    def add(self, name: str, description: str, who: str) -> Result[Dataset]:
        row = DatasetRow(id=new_id(), name=name, description=description, created_by=who)
        return inserted(self._session, row, Dataset, _REFUSALS)

    def update(self, dataset_id: UUID, **changes: Any) -> Result[Dataset]:
        """Set the given columns. `not_found` when there is no such dataset."""
        statement = (
            update(DatasetRow)
            .where(DatasetRow.id == dataset_id)
            .values(**changes, updated_at=func.now())
            .returning(DatasetRow)
            .execution_options(populate_existing=True)
        )
        changed = guarded(self._session, lambda: _dataset(self._session.scalar(statement)), _REFUSALS, changes)
        return present(changed, Err("not_found", "There is no such dataset any more."))

    def _one(self, condition: ColumnElement[bool], *, lock: bool) -> Dataset | None:
        statement = select(DatasetRow).where(condition).execution_options(populate_existing=True)
        return _dataset(self._session.scalar(statement.with_for_update() if lock else statement))


def _dataset(row: DatasetRow | None) -> Dataset | None:
    return None if row is None else msgspec.convert(row, Dataset, from_attributes=True)
