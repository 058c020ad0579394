"""A notebook in memory, with the promises of the real one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.domain.result import Err, Ok, Result
from core.tools.notebook import Page, Written


@dataclass
class MemoryNotebook:
    kept: dict[str, tuple[str, Page]] = field(default_factory=dict)

    def write(self, notebook: str, title: str, text: str, key: str) -> Result[Written]:
        if "\x00" in text:
            return Err("invalid", "The text contains the character U+0000, which cannot be stored.")
        is_new = key not in self.kept
        self.kept.setdefault(key, (notebook, Page(title=title, text=text, created_at=datetime.now(UTC))))
        return Ok(Written([*self.kept].index(key) + 1, is_new))

    def pages(self, notebook: str, search: str = "", limit: int = 200) -> list[Page]:
        mine = [page for name, page in self.kept.values() if name == notebook]
        return [page for page in mine if search.casefold() in f"{page.title} {page.text}".casefold()][-limit:]

    def names(self) -> list[str]:
        return sorted({name for name, _ in self.kept.values()})
