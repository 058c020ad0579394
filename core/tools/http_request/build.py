"""From an operation and its arguments to the request: a pure function, so that a person can be shown it first."""

from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote, urlencode

from core.clients.outbound import OutboundRequest
from core.domain.canonical import Json
from core.tools.executor import CannotDoError
from core.tools.http_request.body import encoded
from core.tools.http_request.operation import Input, Operation, Place, Style
from core.tools.http_request.template import ABSENT, filled, filled_text, text

_SEPARATORS: dict[Style, str] = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def build(operation: Operation, arguments: dict[str, Json], key: str, timeout_s: float) -> OutboundRequest:
    """The request of one call, without its secrets. `key` is its idempotency key.

    Raises `CannotDoError` for values that the place they belong to cannot hold.
    """
    body = _body(operation, arguments)
    return OutboundRequest(
        method=operation.method,
        url=_with_query(_path(operation, arguments), list(_written(operation, arguments, "query"))),
        headers=_headers(operation, arguments, key, has_body=body is not ABSENT),
        body=b"" if body is ABSENT else encoded(body, operation.media_type),
        allow=operation.allow,
        timeout_s=timeout_s,
        max_bytes=operation.max_bytes,
    )


def _body(operation: Operation, arguments: dict[str, Json]) -> Json:
    if operation.body:
        return arguments.get(operation.body, ABSENT)
    return ABSENT if operation.template is None else filled(operation.template, arguments)


def _given(operation: Operation, arguments: dict[str, Json], place: Place) -> Iterator[tuple[Input, Json]]:
    for entry in operation.inputs:
        # Outside JSON there is no null: what is null is left out.
        if entry.place == place and arguments.get(entry.argument) is not None:
            yield entry, arguments[entry.argument]


def _path(operation: Operation, arguments: dict[str, Json]) -> str:
    url = operation.url
    for entry, value in _given(operation, arguments, "path"):
        url = url.replace(f"{{{entry.name}}}", _segment(entry, value))
    if {".", ".."} & set(url.split("/")):
        raise CannotDoError("No part of the path may be '.' or '..'.")
    return url


def _segment(entry: Input, value: Json) -> str:
    written = text(value) if entry.style == "json" else _simple(value, explode=entry.explode)
    if not written:
        raise CannotDoError(f"`{entry.argument}` stands in the path and must not be empty.")
    # Commas part the items of a list; whatever else would mean something in a path is escaped.
    return quote(written, safe="," if isinstance(value, list | dict) else "")


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"


def _query_pairs(entry: Input, value: Json) -> list[tuple[str, str]]:
    match entry.style, value:
        case "deepObject", dict():
            return [(f"{entry.name}[{name}]", text(item)) for name, item in value.items()]
        case "form", dict() if entry.explode:
            return [(name, text(item)) for name, item in value.items()]
        case "form", list() if entry.explode:
            return [(entry.name, text(item)) for item in value]
        case ("form" | "spaceDelimited" | "pipeDelimited") as style, list() | dict():
            return [(entry.name, _SEPARATORS[style].join(_flat(value)))]
        case _:
            return [(entry.name, text(value))]


def _headers(operation: Operation, arguments: dict[str, Json], key: str, *, has_body: bool) -> dict[str, str]:
    """Of two that differ only in case the later one is sent."""
    headers = {"accept": "application/json, text/*;q=0.9, */*;q=0.5"}
    if has_body:
        headers["content-type"] = operation.media_type
    headers |= _written(operation, arguments, "header")
    if operation.idempotency_header:
        headers[operation.idempotency_header] = key
    return headers


def _written(
    operation: Operation, arguments: dict[str, Json], place: Literal["query", "header"]
) -> Iterator[tuple[str, str]]:
    """The author's texts and the model's arguments that go to one place, as the server reads them."""
    for entry in operation.texts:
        if entry.place == place and (filled_in := filled_text(entry.text, arguments)) is not ABSENT:
            yield entry.name, filled_in
    for given, value in _given(operation, arguments, place):
        if place == "query":
            yield from _query_pairs(given, value)
        else:
            yield given.name, text(value) if given.style == "json" else _simple(value, explode=given.explode)


def _simple(value: Json, *, explode: bool) -> str:
    """The style of paths and headers: items in a row, parted by commas (OpenAPI 3.1, Style Values)."""
    match value:
        case dict() if explode:
            return ",".join(f"{name}={text(item)}" for name, item in value.items())
        case list() | dict():
            return ",".join(_flat(value))
        case _:
            return text(value)


def _flat(value: list[Json] | dict[str, Json]) -> list[str]:
    if isinstance(value, list):
        return [text(item) for item in value]
    return [part for name, item in value.items() for part in (name, text(item))]
