"""An HTTP tool as a person writes it, in a form or a file, and what is made of it: a tool and its request."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from core.clients.outbound import SAFE_METHODS
from core.domain.canonical import Json
from core.domain.tool import Repeat, ToolEffect, ToolSpec
from core.tools.http_request.body import FORM
from core.tools.http_request.operation import Credential, Input, Operation, Text
from core.tools.http_request.template import NAME_PATTERN, names_in, text

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
InputType = Literal["string", "integer", "number", "boolean", "array", "object"]
BodyType = Literal["json", "form", "text"]
SecretUse = Literal["bearer", "basic", "header", "query", "cookie"]

_MEDIA_TYPES: dict[BodyType, str] = {"json": "application/json", "form": FORM, "text": "text/plain; charset=utf-8"}


class HttpInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One argument, as the model is told about it."""

    type: InputType = "string"
    description: str = ""
    required: bool = True
    choices: tuple[Json, ...] = ()
    """The only values it may have; empty: any."""
    schema: dict[str, Json] = {}
    """More of its JSON Schema, such as `minimum` or `items`."""


class HttpSecret(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A secret that goes along, by its name. `name` and `prefix`: of the header, parameter or cookie it becomes."""

    secret: str
    use: SecretUse = "bearer"
    name: str = ""
    prefix: str = ""


class StatusCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A GET that tells whether a call happened whose answer was lost. In its texts {name} stands for an input.

    A good answer says yes, 404 and 410 say no, and every other leaves it open.
    """

    url: str
    query: dict[str, Json] = {}
    select: str = ""
    """JMESPath of what the call made, and of what the model is told. Where it finds nothing, the call did not happen."""


class HttpTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `definition` of a tool of the kind `http`. In its texts {name} stands for an input."""

    name: str
    description: str
    method: Method = "GET"
    url: str
    query: dict[str, Json] = {}
    headers: dict[str, str] = {}
    body: Json = None
    """None: no body is sent."""
    body_type: BodyType = "json"
    secrets: tuple[HttpSecret, ...] = ()
    inputs: dict[str, HttpInput] = {}
    select: str = ""
    """JMESPath of the part of a JSON answer that the model is told; empty: all of it."""
    effect: ToolEffect | None = None
    """None: what the method says."""
    idempotency_header: str = ""
    """Where the server knows such a header, a call of unknown outcome may be sent again with the same key."""
    status_check: StatusCheck | None = None
    """Asked before a call of unknown outcome is sent again; {call_key} in any text is the call's own key."""
    seconds: float = 30.0
    answer_bytes: int = 5_000_000
    answer_chars: int = 20_000
    allow_hosts: tuple[str, ...] = ()


def effect_of(tool: HttpTool) -> ToolEffect:
    """What its author says, else what its method says."""
    return tool.effect or ("read" if tool.method in SAFE_METHODS else "write")


def tool_of(tool: HttpTool) -> ToolSpec:
    """The tool that agents use, of a definition that has no problems (`definition_check`)."""
    effect = effect_of(tool)
    repeat: Repeat = "check" if tool.status_check else "key" if tool.idempotency_header else "never"
    return ToolSpec(
        name=tool.name,
        description=tool.description.strip(),
        parameters=_schema(tool),
        kind="http",
        effect=effect,
        repeat="safe" if effect == "read" else repeat,
        time_limit_s=tool.seconds,
        output_limit_chars=tool.answer_chars,
        definition=msgspec.json.decode(msgspec.json.encode(tool)),
    )


def operation_of(tool: ToolSpec) -> Operation:
    """The request of a tool of the kind `http` or `openapi`."""
    if tool.kind == "openapi":
        return msgspec.convert(tool.definition, Operation)
    definition = msgspec.convert(tool.definition, HttpTool)
    inputs, texts = _addressed(definition.url, definition.query)
    return Operation(
        method=definition.method,
        url=definition.url,
        inputs=inputs,
        texts=(*texts, *_headers(definition)),
        template=definition.body,
        media_type=_MEDIA_TYPES[definition.body_type],
        credentials=tuple(_credential(secret) for secret in definition.secrets),
        idempotency_header=definition.idempotency_header,
        select=definition.select,
        max_bytes=definition.answer_bytes,
        allow=definition.allow_hosts,
    )


def check_of(tool: ToolSpec) -> Operation | None:
    """The request that asks what became of a call of this tool; it goes with the same headers and secrets."""
    definition = msgspec.convert(tool.definition, HttpTool) if tool.kind == "http" else None
    if definition is None or definition.status_check is None:
        return None
    check = definition.status_check
    inputs, texts = _addressed(check.url, check.query)
    return Operation(
        method="GET",
        url=check.url,
        inputs=inputs,
        texts=(*texts, *_headers(definition)),
        credentials=tuple(_credential(secret) for secret in definition.secrets),
        select=check.select,
        max_bytes=definition.answer_bytes,
        allow=definition.allow_hosts,
    )


def _addressed(url: str, query: dict[str, Json]) -> tuple[tuple[Input, ...], tuple[Text, ...]]:
    """What fills the places of an address and its query."""
    whole = {key: value[1:-1] for key, value in query.items() if _is_one_input(value)}
    # In a file 20 and true need no quotes.
    texts = tuple(Text(key, "query", text(value)) for key, value in query.items() if key not in whole)
    path = (Input(name, name, "path", "simple") for name in names_in(url))
    return (*path, *(Input(name, key, "query", "form", explode=True) for key, name in whole.items())), texts


def _headers(definition: HttpTool) -> Iterator[Text]:
    return (Text(key, "header", value) for key, value in definition.headers.items())


def _is_one_input(value: Json) -> bool:
    return isinstance(value, str) and re.fullmatch(rf"\{{{NAME_PATTERN}\}}", value) is not None


def _credential(secret: HttpSecret) -> Credential:
    match secret.use:
        case "bearer":
            return Credential(secret=secret.secret, prefix="Bearer ")
        case "basic":
            return Credential(secret=secret.secret, prefix="Basic ", is_base64=True)
        case _:
            return Credential(secret=secret.secret, place=secret.use, name=secret.name, prefix=secret.prefix)


def _schema(tool: HttpTool) -> dict[str, Json]:
    required = [name for name, entry in tool.inputs.items() if entry.required]
    properties = {name: property_of(entry) for name, entry in tool.inputs.items()}
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    return {**schema, **({"required": required} if required else {}), "additionalProperties": False}


def property_of(entry: HttpInput) -> dict[str, Json]:
    made: dict[str, Any] = {"type": entry.type}
    if entry.choices:
        made["enum"] = list(entry.choices)
    if entry.description:
        made["description"] = entry.description
    return {**made, **entry.schema}
