"""Whether a server still says of its tools what a person accepted."""

from collections.abc import Iterable

from core.domain.tool_source import ListedTool
from core.errors import Fault
from core.tools.mcp.definition import McpTool


def drift_fault(tool: McpTool, listing: Iterable[ListedTool]) -> Fault | None:
    """Why a pinned tool must not be used; None: it is what it was."""
    now = next((listed for listed in listing if listed.name == tool.tool), None)
    if now is not None and now.hash() == tool.pinned:
        return None
    what = "describes it otherwise than what was accepted" if now else "no longer has it"
    return Fault(
        "tool_drift", f"{tool.source} {what}: {tool.tool}. Look at the change on the Tools page, and accept it there."
    )
