"""What every service does at the end of a change."""

from typing import TypeVar

from core.db.unit import UnitOfWork
from core.domain.result import Ok, Result

T = TypeVar("T")


def keep(unit: UnitOfWork, result: Result[T]) -> Result[T]:
    """Make a good result last; after a refusal leaving the unit of work forgets everything."""
    if isinstance(result, Ok):
        unit.commit()
    return result
