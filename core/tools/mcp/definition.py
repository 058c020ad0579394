"""A tool of an MCP server, pinned: what a run keeps of it."""

import msgspec

from core.domain.canonical import Json
from core.domain.schema_check import schema_fault
from core.domain.tool import ToolSpec
from core.domain.tool_source import ListedTool, McpServer

_MAX_DESCRIPTION_CHARS = 4_000
_FAULT_CHARS = 300
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


def why_not(listed: ListedTool) -> str:
    """Why a listed tool cannot be one here; empty when it can."""
    parameters = _parameters(listed)
    if parameters["type"] != "object":
        return "its inputs are no object"
    fault = schema_fault(parameters)
    return f"its schema is faulty: {fault[:_FAULT_CHARS]}" if fault else ""


def tool_of(name: str, source: str, server: McpServer, listed: ListedTool) -> ToolSpec:
    """The tool that agents use, of one that can be offered (`why_not`)."""
    definition = McpTool(source=source, server=server, tool=listed.name, pinned=listed.hash())
    return ToolSpec(
        name=name,
        description=(listed.description or listed.title or listed.name).strip()[:_MAX_DESCRIPTION_CHARS],
        parameters=_parameters(listed),
        kind="mcp",
        effect="read" if listed.is_read_only else "write",
        repeat="safe" if listed.is_read_only else "never",
        time_limit_s=TIME_LIMIT_S,
        definition=msgspec.json.decode(msgspec.json.encode(definition)),
    )


def _parameters(listed: ListedTool) -> dict[str, Json]:
    """Some servers leave out that arguments are an object."""
    return {"type": "object", **listed.parameters}


def secret_places(server: McpServer) -> dict[str, str]:
    """Where each secret of a server goes, in words, by the secret's name."""
    places = {name: f"variable {variable} of the command" for variable, name in server.secret_env.items()}
    places |= {name: f"header {header}" for header, name in server.secret_headers.items()}
    return places | ({server.bearer: f"header authorization: Bearer ‹{server.bearer}›"} if server.bearer else {})
