"""An agent as a model is told of it, and its arguments as the agent gets them."""

from typing import Any
from uuid import UUID

import msgspec

from core.domain.agent import Agent, AgentSpec, Variable
from core.domain.canonical import Json
from core.domain.tool import ToolSpec
from core.tools.http_request.template import text

TASK = "task"
LONGEST_S = 600.0
_TASK_SAYS = "What it is to do, in full: it sees nothing of this conversation but this."
_TYPES: dict[str, dict[str, Json]] = {
    "text": {"type": "string"},
    "long_text": {"type": "string"},
    "number": {"type": "number"},
    "choice": {"type": "string"},
    "yes_no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}


class AgentTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `definition` of a tool of the kind `agent`."""

    agent_id: UUID
    agent: str
    """Its name when the tool was made, for people."""
    revision: int | None = None
    """Pinned when a run begins; None: the live one."""


def tool_of(name: str, description: str, agent: Agent, spec: AgentSpec) -> ToolSpec:
    """The tool that calls an agent. Its call is a run of its own, found again by its key: so it may be repeated."""
    variables = [variable for variable in spec.variables if variable.name != TASK]
    properties: dict[str, Any] = {TASK: {"type": "string", "minLength": 1, "description": _TASK_SAYS}}
    properties |= {variable.name: _property(variable) for variable in variables}
    required = [TASK, *(variable.name for variable in variables if not variable.default)]
    return ToolSpec(
        name=name,
        description=description.strip(),
        parameters={"type": "object", "properties": properties, "required": required, "additionalProperties": False},
        kind="agent",
        effect="write",
        repeat="key",
        time_limit_s=LONGEST_S,
        definition=msgspec.to_builtins(AgentTool(agent_id=agent.id, agent=agent.name)),
    )


def definition_of(tool: ToolSpec) -> AgentTool:
    return msgspec.convert(tool.definition, AgentTool)


def pinned(tool: ToolSpec, revision: int | None, *, changes: bool) -> ToolSpec:
    """The tool as a run keeps it. `changes`: whether the agent has a tool that changes the world."""
    definition = msgspec.structs.replace(definition_of(tool), revision=revision)
    effect = "write" if changes else "read"
    return msgspec.structs.replace(tool, definition=msgspec.to_builtins(definition), effect=effect)


def variables_of(arguments: dict[str, Json]) -> dict[str, str]:
    """The agent's variables as the texts that its prompt takes."""
    return {name: _value(value) for name, value in arguments.items() if name != TASK and value is not None}


def _value(value: Json) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else text(value)


def _property(variable: Variable) -> dict[str, Json]:
    made = dict(_TYPES[variable.type])
    if variable.choices:
        made["enum"] = list(variable.choices)
    return {**made, "default": variable.default} if variable.default and made["type"] == "string" else made
