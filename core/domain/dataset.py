"""Datasets: saved inputs with expectations. A version that an evaluation used never changes again."""

from datetime import datetime
from uuid import UUID

import msgspec


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One saved input. `expected` is text; where JSON or a number is expected, it is written as text too."""

    input: str
    variables: dict[str, str] = {}
    expected: str = ""
    notes: str = ""


class NumberedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item at its place. The number stays with it through all versions; a deleted one is never given again."""

    number: int
    item: Item


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """The named thing. `version` is its newest one."""

    id: UUID
    name: str
    description: str = ""
    archived: bool = False
    version: int = 1
    created_by: str = ""
    created_at: datetime
    updated_at: datetime


class DatasetVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One state of a dataset. While no evaluation used it, edits go into it; afterwards they begin the next one."""

    number: int
    items: int = 0
    frozen: bool = False
    author: str = ""
    created_at: datetime


class GridChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did in a grid: items by number, new ones at the end, numbers that are gone."""

    changed: dict[int, Item] = {}
    added: tuple[Item, ...] = ()
    deleted: tuple[int, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.changed or self.added or self.deleted)
