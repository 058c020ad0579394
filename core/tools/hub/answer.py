"""From what a model's server answered to what a tool hands back."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from core.clients.outbound import OutboundResponse
from core.clients.refusals import good
from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.errors import Fault, FaultError

_TEXTS = ("generated_text", "translation_text", "summary_text", "text", "answer")
_MEDIA_TYPES = ("image/", "audio/", "video/", "application/octet-stream")
_PLACES = ("images", "image", "data", "output", "outputs", "audio", "video", "url", "b64_json", "blob")
"""Where providers put what they made, or its address."""
_DATA = re.compile(r"data:[\w.+/-]*(?:;[\w=-]+)*?;base64,(.*)", re.DOTALL)
_DIGITS = 6
_FIRST_NUMBERS = 8


def checked(answer: OutboundResponse) -> OutboundResponse:
    """The answer, if it is a good one and whole. Raises `FaultError` in the server's own words."""
    if good(answer).cut:
        raise FaultError(Fault("size_limit", f"The answer is larger than {len(answer.body):,} bytes."))
    return answer


def made(answer: OutboundResponse) -> bytes | str:
    """What was made, or the address at which it lies. Raises `FaultError` when there is neither."""
    if answer.media_type.startswith(_MEDIA_TYPES):
        return answer.body
    place = next(_places(_value(answer)), None)
    if place is None:
        raise FaultError(Fault("empty_response", f"The server made nothing: {answer.text()[:300]}"))
    if place.startswith(("https://", "http://")):
        return place
    match = _DATA.fullmatch(place)
    try:
        return b64decode(match[1] if match else place, validate=True)
    except (NotBase64, ValueError):
        raise FaultError(Fault("stream_malformed", f"The server's answer holds no file: {place[:300]}")) from None


def _places(value: Json) -> Iterator[str]:
    match value:
        case str() if value:
            yield value
        case list():
            for one in value:
                yield from _places(one)
        case dict():
            for name in _PLACES:
                yield from _places(value.get(name))


def text_result(answer: OutboundResponse) -> ToolResult:
    """The text of a task that writes."""
    value = _value(answer)
    found = next(_texts(value), None)
    if found is None:
        raise FaultError(Fault("empty_response", f"The server wrote nothing: {answer.text()[:300]}"))
    return ToolResult(found, data=value)


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            yield from (value[name] for name in _TEXTS if isinstance(value.get(name), str))


def rows_result(answer: OutboundResponse, labels: Sequence[str] = ()) -> ToolResult:
    """A table: what was found, with scores. `labels` name the rows where the server only gives numbers."""
    rows = list(_rows(_value(answer), labels))
    if not rows:
        return ToolResult("Nothing was found.", data={"columns": [], "rows": []})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    told = "\n".join(", ".join(f"{name}: {_shown(value)}" for name, value in row.items()) for row in rows)
    return ToolResult(told, data={"columns": columns, "rows": [[row.get(name) for name in columns] for row in rows]})


def _rows(value: Json, labels: Sequence[str]) -> Iterator[dict[str, Json]]:
    match value:
        case {"labels": list(names), "scores": list(scores)}:
            yield from ({"label": name, "score": score} for name, score in zip(names, scores, strict=False))
        case dict():
            yield _flat(value)
        case [[*_], *_]:
            for one in value:
                yield from _rows(one, labels)
        case [{}, *_]:
            yield from (_flat(one) for one in value if isinstance(one, dict))
        case list():
            named: Iterable[tuple[Any, Any]] = zip(labels, value, strict=False) if labels else enumerate(value, 1)
            yield from ({"label": name, "score": score} for name, score in named)


def _flat(row: dict[str, Json]) -> dict[str, Json]:
    """A box as one text: a table has no objects in its cells."""
    return {name: _box(value) if isinstance(value, dict) else value for name, value in row.items()}


def _box(value: dict[str, Json]) -> str:
    return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())


def _shown(value: Json) -> str:
    return f"{round(value, _DIGITS):g}" if isinstance(value, float) else str(value)


def vector_result(answer: OutboundResponse) -> ToolResult:
    """Numbers: told in short, since no model reads hundreds of them; whole as the result's value."""
    vectors = _vectors(_value(answer))
    shape, first = _shape(vectors)
    if not first:
        raise FaultError(Fault("empty_response", f"The server gave no numbers: {answer.text()[:300]}"))
    begins = ", ".join(_shown(number) for number in first[:_FIRST_NUMBERS])
    size = " × ".join(map(str, shape))
    return ToolResult(f"{size} numbers, beginning with {begins}", data={"shape": shape, "vectors": vectors})


def _vectors(value: Json) -> Json:
    """Lists of numbers, also where a server wraps them as OpenAI does."""
    match value:
        case {"data": list(wrapped)}:
            return [one.get("embedding") if isinstance(one, dict) else one for one in wrapped]
        case {"embeddings": list(vectors)}:
            return vectors
        case _:
            return value


def _shape(vectors: Json) -> tuple[list[int], list[float]]:
    """How long the lists within lists are, and the first of the innermost; empty where that holds no numbers."""
    shape: list[int] = []
    while isinstance(vectors, list) and vectors:
        shape.append(len(vectors))
        if isinstance(vectors[0], int | float):
            return shape, vectors
        vectors = vectors[0]
    return shape, []


def _value(answer: OutboundResponse) -> Any:
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        kind = answer.media_type or "data without a type"
        raise FaultError(
            Fault("stream_malformed", f"The server answered {kind} instead of JSON: {answer.text()[:300]}")
        ) from None
