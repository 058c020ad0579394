"""Versions of datasets: the table `dataset_versions`."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from core.db.evaluation_tables import DatasetVersionRow
from core.domain.dataset import DatasetVersion


class VersionMark(NamedTuple):
    """What an edit has to know of the version it goes into."""

    frozen: bool
    last_item: int


class DatasetVersionRepository:
    """Reads and writes rows of `dataset_versions` of one dataset."""

    def __init__(self, session: Session, dataset_id: UUID) -> None:
        self._session, self._dataset_id = session, dataset_id

    def add(self, number: int, last_item: int, who: str) -> None:
        self._session.add(
            DatasetVersionRow(dataset_id=self._dataset_id, number=number, last_item=last_item, author=who)
        )
        self._session.flush()

    def mark(self, number: int) -> VersionMark:
        row = self._session.execute(
            select(DatasetVersionRow.frozen, DatasetVersionRow.last_item).where(*self._is(number))
        ).one()
        return VersionMark(row.frozen, row.last_item)

    def freeze(self, number: int) -> None:
        self._session.execute(update(DatasetVersionRow).where(*self._is(number)).values(frozen=True))

    def reach(self, number: int, last_item: int) -> None:
        self._session.execute(update(DatasetVersionRow).where(*self._is(number)).values(last_item=last_item))

    def list(self, counts: dict[int, int]) -> list[DatasetVersion]:
        """Newest first; `counts` are the items of each."""
        rows = self._session.scalars(
            select(DatasetVersionRow)
            .where(DatasetVersionRow.dataset_id == self._dataset_id)
            .order_by(DatasetVersionRow.number.desc())
        )
        return [
            DatasetVersion(
                number=row.number,
                items=counts.get(row.number, 0),
                frozen=row.frozen,
                author=row.author,
                created_at=row.created_at,
            )
            for row in rows
        ]

    def _is(self, number: int) -> tuple[ColumnElement[bool], ...]:
        return (DatasetVersionRow.dataset_id == self._dataset_id, DatasetVersionRow.number == number)
