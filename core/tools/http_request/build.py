"""From an operation and its arguments to the request: a pure function, so that a person can be shown it first."""

from urllib.parse import quote, urlencode

import msgspec

from core.clients.outbound import OutboundRequest
from core.domain.canonical import Json
from core.tools.executor import CannotDoError
from core.tools.http_request.operation import Input, Operation, Style

_SEPARATORS: dict[Style, str] = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def build(operation: Operation, arguments: dict[str, Json], key: str, timeout_s: float) -> OutboundRequest:
    """The request of one call. `key` is its idempotency key.

    Raises `CannotDoError` for values that the place they belong to cannot hold.
    """
    given = [(entry, arguments[entry.argument]) for entry in operation.inputs if _is_given(arguments, entry)]
    has_body = bool(operation.body) and operation.body in arguments
    return OutboundRequest(
        method=operation.method,
        url=_with_query(_path(operation.url, given), given),
        headers=_headers(operation, given, key, has_body=has_body),
        body=msgspec.json.encode(arguments[operation.body]) if has_body else b"",
        allow=operation.allow,
        timeout_s=timeout_s,
    )


def _is_given(arguments: dict[str, Json], entry: Input) -> bool:
    # Outside JSON there is no null: what is null is left out.
    return arguments.get(entry.argument) is not None


def _path(url: str, given: list[tuple[Input, Json]]) -> str:
    for entry, value in given:
        if entry.place == "path":
            url = url.replace(f"{{{entry.name}}}", _segment(entry, value))
    if {".", ".."} & set(url.split("/")):
        raise CannotDoError("No part of the path may be '.' or '..'.")
    return url


def _segment(entry: Input, value: Json) -> str:
    text = _text(value) if entry.style == "json" else _simple(value, explode=entry.explode)
    if not text:
        raise CannotDoError(f"`{entry.argument}` stands in the path and must not be empty.")
    # Commas part the items of a list; whatever else would mean something in a path is escaped.
    return quote(text, safe="," if isinstance(value, list | dict) else "")


def _with_query(url: str, given: list[tuple[Input, Json]]) -> str:
    pairs = [pair for entry, value in given if entry.place == "query" for pair in _query_pairs(entry, value)]
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"


def _query_pairs(entry: Input, value: Json) -> list[tuple[str, str]]:
    match entry.style, value:
        case "deepObject", dict():
            return [(f"{entry.name}[{name}]", _text(item)) for name, item in value.items()]
        case "form", dict() if entry.explode:
            return [(name, _text(item)) for name, item in value.items()]
        case "form", list() if entry.explode:
            return [(entry.name, _text(item)) for item in value]
        case ("form" | "spaceDelimited" | "pipeDelimited") as style, list() | dict():
            return [(entry.name, _SEPARATORS[style].join(_flat(value)))]
        case _:
            return [(entry.name, _text(value))]


def _headers(operation: Operation, given: list[tuple[Input, Json]], key: str, *, has_body: bool) -> dict[str, str]:
    headers = {"accept": "application/json, text/*;q=0.9, */*;q=0.5"}
    for entry, value in given:
        if entry.place == "header":
            headers[entry.name] = _text(value) if entry.style == "json" else _simple(value, explode=entry.explode)
    if operation.idempotency_header:
        headers[operation.idempotency_header] = key
    if has_body:
        headers["content-type"] = operation.media_type
    return headers


def _simple(value: Json, *, explode: bool) -> str:
    """The style of paths and headers: items in a row, parted by commas (OpenAPI 3.1, Style Values)."""
    match value:
        case dict() if explode:
            return ",".join(f"{name}={_text(item)}" for name, item in value.items())
        case list() | dict():
            return ",".join(_flat(value))
        case _:
            return _text(value)


def _flat(value: list[Json] | dict[str, Json]) -> list[str]:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return [part for name, item in value.items() for part in (name, _text(item))]


def _text(value: Json) -> str:
    """A value outside JSON: text as it is, everything else as JSON writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
