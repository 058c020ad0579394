"""An endpoint of a Gradio app, such as a Hugging Face Space, as a person took it in, and the tool that it is."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from core.domain.canonical import Json, content_hash
from core.domain.schema_check import schema_fault
from core.domain.spec_check import Problem
from core.domain.tool import ToolEffect, ToolSpec
from core.tools.files import Medium
from core.tools.hub.definition import HubTool, shared_problems, spec_of
from core.tools.hub.task import Option, OptionType
from core.tools.naming import argument_name

SPACE_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_MEDIA: dict[str, Medium] = {"image": "image", "audio": "audio", "video": "file", "file": "file", "model3d": "file"}
_TYPES: frozenset[str] = frozenset({"string", "integer", "number", "boolean"})
_SAYS_CHARS = 300


class SpaceEndpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One function of an app as the app describes it."""

    name: str
    """With its slash, such as `/predict`."""
    says: str = ""
    inputs: tuple[Option, ...] = ()
    """In the order in which the app wants them."""
    outputs: tuple[str, ...] = ()
    """What each result is called."""
    components: tuple[str, ...] = ()
    """What each result is: `image`, `label`, `textbox`…"""
    why_not: str = ""
    """Why it cannot be a tool; empty: it can."""

    def hash(self) -> str:
        """Names this description by its content."""
        return content_hash(self)


class HubSpace(HubTool, frozen=True, kw_only=True, omit_defaults=True, tag_field="what", tag="space"):
    """The `definition` of a tool of the kind `hf` that is an endpoint of a Space. `address` is where it is."""

    space: str = ""
    """`owner/name`; empty: an app that is at its address only."""
    prefix: str = ""
    endpoint: SpaceEndpoint | None = None
    """As it was when a person took it in."""
    effect: ToolEffect = "write"
    """What it does to the world, nobody says but the person."""
    again: bool = False
    seconds: float = 300.0


def problems(written: HubSpace) -> tuple[Problem, ...]:
    """What keeps a definition from being a tool."""
    endpoint = written.endpoint
    if endpoint is None:
        return (Problem("endpoint", "Choose what of the Space is to be a tool."),)
    if endpoint.why_not:
        return (Problem("endpoint", endpoint.why_not),)
    return tuple(shared_problems(written, endpoint.inputs))


def tool_of(written: HubSpace) -> ToolSpec:
    """The tool, of a definition without problems."""
    assert written.endpoint is not None
    return spec_of(written, written.endpoint.inputs, written.effect)


def definition_of(tool: ToolSpec) -> HubSpace:
    return msgspec.convert(tool.definition, HubSpace)


def endpoint_of(name: str, described: Json) -> SpaceEndpoint:
    """One endpoint from what an app says of it; whatever is missing or odd there is left out."""
    told: dict[str, Any] = described if isinstance(described, dict) else {}
    taken: set[str] = set()
    inputs = tuple(_option(one, taken) for one in _objects(told.get("parameters")))
    returns = list(_objects(told.get("returns")))
    odd = next((one.label or one.name for one in inputs if one.needed and one.schema == _UNKNOWN), "")
    return SpaceEndpoint(
        name=name,
        says=str(told.get("description") or "")[:_SAYS_CHARS],
        inputs=inputs,
        outputs=tuple(str(one.get("label") or f"result {place}") for place, one in enumerate(returns, 1)),
        components=tuple(str(one.get("component", "")).lower() for one in returns),
        why_not=f"Its input {odd} takes several files or something else that no model can write." if odd else "",
    )


_UNKNOWN: dict[str, Json] = {"not": {}}
"""The schema of what cannot be given."""


def _objects(given: Json) -> Iterator[dict[str, Any]]:
    return (one for one in given if isinstance(one, dict)) if isinstance(given, list) else iter(())


def _option(told: dict[str, Any], taken: set[str]) -> Option:
    label = str(told.get("label") or "")
    component, schema = str(told.get("component", "")).lower(), told.get("type")
    needed, default = not told.get("parameter_has_default", False), told.get("parameter_default")
    medium = _MEDIA.get(component) if _is_file(schema) else None
    kind = schema.get("type") if isinstance(schema, dict) else None
    plain: OptionType = kind if kind in _TYPES else "string"
    return Option(
        name=argument_name(str(told.get("parameter_name") or label or "input"), "input", taken),
        type=plain,
        says="" if medium else _says(label, schema),
        needed=needed,
        medium=medium,
        long=component == "textbox",
        schema={} if medium else _clean(schema),
        default=default,
        label=label,
    )


def _says(label: str, schema: Json) -> str:
    more = schema.get("description") if isinstance(schema, dict) else ""
    return ": ".join(str(part) for part in (label, more) if part)[:_SAYS_CHARS]


def _is_file(schema: Json) -> bool:
    match schema:
        case {"properties": {"path": _, "meta": _}}:
            return True
        case {"title": "FileData" | "ImageData"} | {"$ref": _}:
            return True
        case _:
            return False


def _clean(schema: Json) -> dict[str, Json]:
    """The JSON Schema of a value, as far as it is one; of what holds files, one that nothing fits."""
    if not isinstance(schema, dict) or "meta" in str(schema.get("properties", "")) or "FileData" in str(schema):
        return _UNKNOWN
    kept: dict[str, Json] = {name: value for name, value in schema.items() if name in _KEPT}
    return {} if schema_fault(kept) else kept


_KEPT = frozenset({"type", "enum", "items", "anyOf", "minimum", "maximum", "properties", "required", "$defs"})
