"""The arguments of a tool call, from the model's raw text: taken as they are, or refused with a reason.

Nothing is repaired: no coercion, no dropping of unknown fields. The reason is a sentence that a model
can act on, and never repeats a value that a person fixed.
"""

from itertools import islice

import msgspec

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.schema_check import complaints, schema_fault
from core.domain.tool import ToolSpec

MAX_COMPLAINTS = 3
"""A model mends a few faults at a time; the rest comes back with its next try."""


class BadArguments(msgspec.Struct, frozen=True):
    """Why a call is not executed; `reason` is told to the model."""

    reason: str


def check_arguments(tool: ToolSpec, raw: str) -> dict[str, Json] | BadArguments:
    """What the tool is to be called with, fixed inputs included."""
    given = _object(raw)
    if isinstance(given, BadArguments):
        return given
    if taken := sorted(given.keys() & tool.fixed.keys()):
        return BadArguments(f"Leave out {_listed(taken)}: it is not for you to set.")
    arguments = {**given, **tool.fixed}
    reason = _complaints(tool, arguments)
    return BadArguments(reason) if reason else arguments


def visible_parameters(tool: ToolSpec) -> dict[str, Json]:
    """The schema that the model is shown: an object schema without the fixed inputs."""
    schema = {"type": "object", **tool.parameters}
    schema["properties"] = {k: v for k, v in schema.get("properties", {}).items() if k not in tool.fixed}
    required = [name for name in schema.pop("required", []) if name not in tool.fixed]
    return {**schema, "required": required} if required else schema


def _object(raw: str) -> dict[str, Json] | BadArguments:
    if not raw.strip():
        return {}
    try:
        value = strict_json.read(raw)
    except strict_json.NotJsonError as error:
        return BadArguments(f"The arguments are not valid JSON: {error}. Send one JSON object and nothing else.")
    if value is None:
        return {}
    if not isinstance(value, dict):
        return BadArguments(f"The arguments must be a JSON object, not {_kind(value)}.")
    return value


def _kind(value: Json) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "a text (an object must not be wrapped in quotes)"
        case list():
            return "a list"
        case _:
            return "a number"


def _complaints(tool: ToolSpec, arguments: dict[str, Json]) -> str:
    """What is wrong with arguments; empty when nothing is."""
    if fault := schema_fault(tool.parameters):
        return f"This tool cannot be called, its own schema is faulty: {fault}"
    found = islice(complaints(tool.parameters, arguments, hidden=tool.fixed), MAX_COMPLAINTS)
    return " ".join(dict.fromkeys(found))


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
