"""OpenAPI documents that tools came from, and what changed in them since a person took the tools in."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from core.domain.canonical import Json, canonical, content_hash
from core.domain.tool import ToolSpec

_PARTS = {"description": "description", "parameters": "inputs", "definition": "request", "effect": "what it does"}


class ApiChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One operation that the document describes otherwise than the tool in use; without `before` it is new there."""

    operation: str
    """As the document has it: `GET /pets`."""
    before: ToolSpec | None = None
    now: ToolSpec | None = None

    @property
    def what(self) -> Literal["changed", "gone", "new"]:
        if self.before is None:
            return "new"
        return "changed" if self.now else "gone"

    def parts(self) -> tuple[str, ...]:
        """The parts that differ, in words."""
        if self.before is None or self.now is None:
            return ()
        # As JSON: what was kept and what was just read may hold equal lists as other types.
        pairs = ((word, getattr(self.before, field), getattr(self.now, field)) for field, word in _PARTS.items())
        return tuple(word for word, before, now in pairs if canonical(before) != canonical(now))

    def hash(self) -> str:
        """Names what the document says now; of an operation that is gone the empty text."""
        if self.now is None:
            return ""
        return content_hash([getattr(self.now, field) for field in ("name", *_PARTS)])


class ApiDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`source` names it for people: its address or its title."""

    source: str
    place: str
    """The address or the file where it can be read again; empty: somebody gave its text."""
    options: dict[str, Json]
    """What was said beside it when it was taken in."""
    known: tuple[str, ...]
    """Every operation that it had when it was last accepted."""
    changes: tuple[ApiChange, ...]
    checked_at: datetime
    fault: str
    """Why it could not be read when it was last asked for; empty when it could."""

    @property
    def drifts(self) -> tuple[ApiChange, ...]:
        """What changed of the tools in use."""
        return tuple(change for change in self.changes if change.before)

    @property
    def news(self) -> tuple[ApiChange, ...]:
        """Operations that it did not have before: only offered, never used by themselves."""
        return tuple(change for change in self.changes if change.before is None)

    @property
    def is_online(self) -> bool:
        return self.place.startswith(("http://", "https://"))


def changes_of(used: Iterable[ToolSpec], now: Iterable[ToolSpec], known: Iterable[str]) -> Iterator[ApiChange]:
    """What became of the operations that are in use, and those that were not there before.

    A tool keeps the name that agents know, whatever its operation is called by now.
    """
    there = {operation_of(tool): tool for tool in now}
    in_use = {operation_of(tool): tool for tool in used}
    for operation, before in in_use.items():
        found = there.get(operation)
        named = msgspec.structs.replace(found, name=before.name, id=before.id) if found else None
        change = ApiChange(operation=operation, before=before, now=named)
        if named is None or change.parts():
            yield change
    old = {*known, *in_use}
    yield from (ApiChange(operation=place, now=tool) for place, tool in there.items() if place not in old)


def operation_of(tool: ToolSpec) -> str:
    """The operation that a tool calls, as its document has it."""
    return str(tool.definition.get("operation", tool.name))
