"""The inputs of one operation: parameters and body, told apart, as arguments of a tool."""

import re
from dataclasses import dataclass, field

from core.domain.canonical import Json
from core.tools.http_request.operation import Field, Input, Style
from core.tools.naming import argument_name
from core.tools.openapi.bodies import body_of, is_json
from core.tools.openapi.schemas import Schemas, followed, words

IDEMPOTENCY_HEADERS = {"idempotency-key", "x-idempotency-key", "idempotencykey"}
_RESERVED_HEADERS = {"accept", "content-type", "authorization"}
"""Declaring one of these as a parameter has no meaning (OpenAPI 3.1, Parameter Object)."""
_STYLES: dict[tuple[str, str], Style] = {
    ("path", "simple"): "simple",
    ("path", "label"): "label",
    ("path", "matrix"): "matrix",
    ("cookie", "form"): "form",
    ("header", "simple"): "simple",
    ("query", "form"): "form",
    ("query", "spaceDelimited"): "spaceDelimited",
    ("query", "pipeDelimited"): "pipeDelimited",
    ("query", "deepObject"): "deepObject",
}
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class CannotImportError(Exception):
    """An operation cannot be a tool; the message says why."""


@dataclass(slots=True)
class Inputs:
    """Filled parameter by parameter, then with the body."""

    document: dict[str, Json]
    schemas: Schemas
    found: list[Input] = field(default_factory=list)
    properties: dict[str, Json] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    body: str = ""
    media_type: str = "application/json"
    fields: tuple[Field, ...] = ()
    idempotency_header: str = ""
    _names: set[str] = field(default_factory=set)

    def parameters(self) -> dict[str, Json]:
        """The arguments' schema."""
        schema: dict[str, Json] = {"type": "object", "properties": self.properties}
        if self.required:
            schema["required"] = self.required
        return {**schema, "additionalProperties": False}

    def add_parameter(self, parameter: dict[str, Json]) -> None:
        name, place = words(parameter.get("name")), words(parameter.get("in"))
        match place:
            case "header" if name.lower() in IDEMPOTENCY_HEADERS:
                self.idempotency_header = name
            case "header" if name.lower() in _RESERVED_HEADERS:
                self.notes.append(f"The header {name} is not an input; it is set by what else is sent.")
            case "path" | "query" | "header" | "cookie":
                self._add(parameter, name, place)
            case _:
                raise CannotImportError(f"it has a parameter {name!r} in {place!r}, which is no place")

    def add_body(self, body: dict[str, Json]) -> None:
        content = body.get("content")
        made = body_of(self.document, self.schemas, content)
        if made is None:
            types = " or ".join(content) if isinstance(content, dict) else ""
            self._skip(
                body, f"a body that is {types or 'of no type'}: only JSON, forms, text and files are written here"
            )
            return
        if made.others:
            self.notes.append(f"Its body is sent as {made.media_type}, never as {' or '.join(made.others)}.")
        self.body = argument_name("body", "json", self._names)
        self.media_type, self.fields = made.media_type, made.fields
        self._take(self.body, made.schema, body)

    def check_path(self, path: str) -> None:
        """Every placeholder has its parameter, and none is left over."""
        declared = {found.name for found in self.found if found.place == "path"}
        wanted = set(_PLACEHOLDER.findall(path))
        if missing := sorted(wanted - declared):
            raise CannotImportError(f"its path has {{{missing[0]}}}, and no parameter of that name is declared")
        if extra := sorted(declared - wanted):
            raise CannotImportError(f"its parameter {extra[0]!r} has no place in the path")

    def _add(self, parameter: dict[str, Json], name: str, place: str) -> None:
        schema, style = self._schema_and_style(parameter, name, place)
        explode = bool(parameter.get("explode", style in ("form", "deepObject")))
        if style == "deepObject" and not explode:
            self._skip(parameter, f"the parameter {name!r} in the style deepObject, which needs explode")
            return
        argument = argument_name(name, place, self._names)
        self.found.append(Input(argument, name, place, style, explode))  # type: ignore[arg-type]
        self._take(argument, schema, parameter)

    def _schema_and_style(self, parameter: dict[str, Json], name: str, place: str) -> tuple[dict[str, Json], Style]:
        content = parameter.get("content")
        if isinstance(content, dict) and content:
            media_type, described = next(iter(content.items()))
            if not is_json(media_type):
                raise CannotImportError(f"its parameter {name!r} is of the type {media_type}")
            return self.schemas.argument(followed(self.document, described).get("schema", {})), "json"
        given = words(parameter.get("style")) or ("form" if place in ("query", "cookie") else "simple")
        style = _STYLES.get((place, given))
        if style is None:
            raise CannotImportError(f"its parameter {name!r} is written in the style {given!r}")
        return self.schemas.argument(parameter.get("schema", {})), style

    def _take(self, argument: str, schema: dict[str, Json], source: dict[str, Json]) -> None:
        text = (words(source.get("description")) or words(schema.get("description"))).strip()
        self.properties[argument] = {**schema, "description": text[:1_000]} if text else schema
        if source.get("required") is True or source.get("in") == "path":
            self.required.append(argument)

    def _skip(self, source: dict[str, Json], what: str) -> None:
        if source.get("required") is True:
            raise CannotImportError(f"it needs {what}")
        self.notes.append(f"Not sent: {what}.")
