"""Where cells of evaluations stand, as a condition that an index answers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement

from core.domain.evaluation import CellKey


def among(row: Any, cells: Collection[CellKey]) -> ColumnElement[bool]:
    """True for these cells and for others of their variants and items: who asks leaves those out.

    A list of whole places would be compared with every row, one by one.
    """
    there: ColumnElement[bool] = row.variant.in_({cell.variant for cell in cells}) & row.item.in_(
        {cell.item for cell in cells}
    )
    return there
