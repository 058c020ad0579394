"""Where agents write things down for later runs."""

from datetime import datetime
from typing import Protocol

import msgspec

from core.domain.result import Result


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a notebook; pages are only added, never changed."""

    title: str
    text: str
    created_at: datetime


class Written(msgspec.Struct, frozen=True):
    """`page`: its number in the notebook, from 1. `is_new` False: the same key wrote it before, nothing was added."""

    page: int
    is_new: bool


class NotebookStore(Protocol):
    """Keeps notebooks. A key writes once, however often it is used."""

    def write(self, notebook: str, title: str, text: str, key: str) -> Result[Written]: ...

    def pages(self, notebook: str, search: str = "", limit: int = 200) -> list[Page]:
        """Pages whose title or text contains every word of `search`, oldest first; the newest `limit` of them."""
        ...

    def names(self) -> list[str]:
        """The notebooks that have a page."""
        ...
