"""Items of datasets: the table `dataset_items`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Integer, Uuid, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from core.db.evaluation_tables import DatasetItemRow
from core.domain.dataset import Item, NumberedItem
from core.domain.result import Result
from core.repositories.writing import guarded, matches

_FIELDS = (DatasetItemRow.input, DatasetItemRow.variables, DatasetItemRow.expected, DatasetItemRow.notes)


class DatasetItemRepository:
    """Reads and writes the items of one version of one dataset."""

    def __init__(self, session: Session, dataset_id: UUID, version: int) -> None:
        self._session, self._dataset_id, self._version = session, dataset_id, version

    def list(self, after: int = 0, limit: int | None = None, search: str = "") -> list[NumberedItem]:
        """In their order, from the one that follows number `after`."""
        statement = select(DatasetItemRow.number, *_FIELDS).where(*self._mine(), DatasetItemRow.number > after)
        if search:
            statement = statement.where(
                matches(search, (DatasetItemRow.input, DatasetItemRow.expected, DatasetItemRow.notes))
            )
        rows = self._session.execute(statement.order_by(DatasetItemRow.number).limit(limit)).all()
        return [_numbered(row) for row in rows]

    def some(self, numbers: Iterable[int]) -> dict[int, Item]:
        """By number; those that are not there are left out."""
        statement = select(DatasetItemRow.number, *_FIELDS).where(
            *self._mine(), DatasetItemRow.number.in_(list(numbers))
        )
        return {row.number: _numbered(row).item for row in self._session.execute(statement)}

    def numbers(self) -> Sequence[int]:
        statement = select(DatasetItemRow.number).where(*self._mine()).order_by(DatasetItemRow.number)
        return self._session.scalars(statement).all()

    def copy_from(self, version: int) -> None:
        """Take over every item of an older version, inside the database."""
        columns = ("dataset_id", "version", "number", *(field.key for field in _FIELDS))
        old = select(
            literal(self._dataset_id, Uuid), literal(self._version, Integer), DatasetItemRow.number, *_FIELDS
        ).where(DatasetItemRow.dataset_id == self._dataset_id, DatasetItemRow.version == version)
        self._session.execute(insert(DatasetItemRow).from_select(columns, old))

    def add(self, items: Mapping[int, Item]) -> Result[int]:
        """How many were added. `invalid` names what cannot be stored."""
        rows = [self._row(number, item) for number, item in items.items()]

        def write() -> int:
            if rows:
                self._session.execute(insert(DatasetItemRow), rows)
            return len(rows)

        return guarded(self._session, write, {}, list(items.values()))

    def delete(self, numbers: Iterable[int]) -> None:
        self._session.execute(delete(DatasetItemRow).where(*self._mine(), DatasetItemRow.number.in_(list(numbers))))

    def clear(self) -> None:
        self._session.execute(delete(DatasetItemRow).where(*self._mine()))

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return (DatasetItemRow.dataset_id == self._dataset_id, DatasetItemRow.version == self._version)

    def _row(self, number: int, item: Item) -> dict[str, Any]:
        return {
            "dataset_id": self._dataset_id,
            "version": self._version,
            "number": number,
            **msgspec.structs.asdict(item),
        }


def count_items(session: Session, dataset_ids: Iterable[UUID]) -> dict[tuple[UUID, int], int]:
    """How many items each version has."""
    rows = session.execute(
        select(DatasetItemRow.dataset_id, DatasetItemRow.version, func.count().label("items"))
        .where(DatasetItemRow.dataset_id.in_(list(dataset_ids)))
        .group_by(DatasetItemRow.dataset_id, DatasetItemRow.version)
    )
    return {(row.dataset_id, row.version): row.items for row in rows}


def _numbered(row: Any) -> NumberedItem:
    item = Item(input=row.input, variables=row.variables, expected=row.expected, notes=row.notes)
    return NumberedItem(number=row.number, item=item)
