"""From an operation and its arguments to the request: a pure function, so that a person can be shown it first."""

from collections.abc import Iterator
from functools import partial
from typing import Literal
from urllib.parse import quote, urlencode

from core.clients.outbound import OutboundRequest
from core.domain.canonical import Json
from core.tools.executor import CannotDoError
from core.tools.http_request.body import Encoded, encoded
from core.tools.http_request.operation import CALL_KEY, Input, Operation, Place
from core.tools.http_request.styles import pairs, row
from core.tools.http_request.template import ABSENT, filled, filled_text


def build(operation: Operation, arguments: dict[str, Json], key: str, timeout_s: float) -> OutboundRequest:
    """The request of one call, without its secrets. `key` is its idempotency key.

    Raises `CannotDoError` for values that the place they belong to cannot hold.
    """
    arguments = {CALL_KEY: key, **arguments}
    body = _body(operation, arguments)
    sent = Encoded() if body is ABSENT else encoded(body, operation.media_type, operation.fields)
    return OutboundRequest(
        method=operation.method,
        url=_with_query(_path(operation, arguments), list(_written(operation, arguments, "query"))),
        headers=_headers(operation, arguments, key, sent.media_type),
        body=sent.content,
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
    written = row(entry.name, entry.style, value, explode=entry.explode, escape=partial(quote, safe=""))
    if not written or (entry.style != "json" and value in ("", [], {})):
        raise CannotDoError(f"`{entry.argument}` stands in the path and must not be empty.")
    return written


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"


def _headers(operation: Operation, arguments: dict[str, Json], key: str, media_type: str) -> dict[str, str]:
    """Of two that differ only in case the later one is sent."""
    headers = {"accept": "application/json, text/*;q=0.9, */*;q=0.5"}
    if media_type:
        headers["content-type"] = media_type
    headers |= _written(operation, arguments, "header")
    if cookies := [f"{name}={quote(value, safe=',')}" for name, value in _written(operation, arguments, "cookie")]:
        headers["cookie"] = "; ".join(cookies)
    if operation.idempotency_header:
        headers[operation.idempotency_header] = key
    return headers


def _written(
    operation: Operation, arguments: dict[str, Json], place: Literal["query", "header", "cookie"]
) -> Iterator[tuple[str, str]]:
    """The author's texts and the model's arguments that go to one place, as the server reads them."""
    for entry in operation.texts:
        if entry.place == place and (filled_in := filled_text(entry.text, arguments)) is not ABSENT:
            yield entry.name, filled_in
    for given, value in _given(operation, arguments, place):
        if place == "header":
            yield given.name, row(given.name, given.style, value, explode=given.explode)
        else:
            yield from pairs(given.name, given.style, value, explode=given.explode)
