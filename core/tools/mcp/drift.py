"""Whether a server still says of its tools what a person accepted."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from core.domain.tool_source import ListedTool
from core.errors import Fault
from core.tools.mcp.definition import McpTool

Change = Literal["changed", "gone", "new"]


class ToolDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One tool that a server describes otherwise than before; `before` or `now` is None where it was or is not there."""

    tool: str
    change: Change
    before: ListedTool | None
    now: ListedTool | None

    def parts(self) -> tuple[str, ...]:
        """The parts that differ, in words."""
        if self.before is None or self.now is None:
            return ()
        words = {
            "title": "title",
            "description": "description",
            "parameters": "inputs",
            "is_read_only": "whether it only reads",
        }
        return tuple(word for field, word in words.items() if getattr(self.before, field) != getattr(self.now, field))


def drifts(pinned: Iterable[ListedTool], now: Iterable[ListedTool]) -> tuple[ToolDrift, ...]:
    """What differs between two listings, in the order of the tools."""
    before, after = {tool.name: tool for tool in pinned}, {tool.name: tool for tool in now}
    return tuple(
        ToolDrift(tool=name, change=_change(before, after, name), before=before.get(name), now=after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    )


def _change(before: dict[str, ListedTool], after: dict[str, ListedTool], name: str) -> Change:
    if name not in after:
        return "gone"
    return "changed" if name in before else "new"


def drift_fault(tool: McpTool, listing: Iterable[ListedTool]) -> Fault | None:
    """Why a pinned tool must not be used; None: it is what it was."""
    now = next((listed for listed in listing if listed.name == tool.tool), None)
    if now is not None and now.hash() == tool.pinned:
        return None
    what = "describes it otherwise than what was accepted" if now else "no longer has it"
    return Fault(
        "tool_drift", f"{tool.source} {what}: {tool.tool}. Look at the change on the Tools page, and accept it there."
    )
