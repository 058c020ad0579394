"""A tool of an MCP server, pinned: what a run keeps of it."""

from collections.abc import Iterable

import msgspec

from core.domain.schema_check import schema_fault
from core.domain.tool import ToolSpec
from core.domain.tool_source import ListedTool, McpServer
from core.tools.naming import Names

_MAX_DESCRIPTION_CHARS = 4_000
TIME_LIMIT_S = 60.0


class McpTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `definition` of a tool of the kind `mcp`."""

    source: str
    """The server's name here."""
    server: McpServer
    tool: str
    """The tool's name there."""
    pinned: str
    """Hash of what the server said of it when a person accepted it."""


class CannotOfferError(Exception):
    """A listed tool cannot be one here; the message says why."""


def tools_of(source: str, server: McpServer, listing: Iterable[ListedTool]) -> dict[str, ToolSpec | CannotOfferError]:
    """Every listed tool by its name there."""
    names = Names(f"{source}_")
    return {tool.name: _tool(names, source, server, tool) for tool in listing}


def _tool(names: Names, source: str, server: McpServer, listed: ListedTool) -> ToolSpec | CannotOfferError:
    parameters = {"type": "object", **listed.parameters}
    if parameters["type"] != "object":
        return CannotOfferError("its inputs are no object")
    if fault := schema_fault(parameters):
        return CannotOfferError(f"its schema is faulty: {fault[:300]}")
    definition = McpTool(source=source, server=server, tool=listed.name, pinned=listed.hash())
    return ToolSpec(
        name=names.take(listed.name),
        description=(listed.description or listed.title or listed.name).strip()[:_MAX_DESCRIPTION_CHARS],
        parameters=parameters,
        kind="mcp",
        effect="read" if listed.is_read_only else "write",
        repeat="safe" if listed.is_read_only else "never",
        time_limit_s=TIME_LIMIT_S,
        definition=msgspec.json.decode(msgspec.json.encode(definition)),
    )
