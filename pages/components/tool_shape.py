"""What a tool's result is: pictures, sounds, a table, names with values, or text."""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from core.domain.knowledge import Search
from pages.components.tool_text import shown

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SOUNDS = frozenset({"audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3", "audio/ogg", "audio/flac"})
MOST_ROWS, MOST_COLUMNS, _MOST_PAIRS = 200, 20, 12
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]`\"']+")


class Text(NamedTuple):
    text: str


class Media(NamedTuple):
    """A picture or a sound."""

    is_picture: bool
    media_type: str
    content: bytes


class Link(NamedTuple):
    label: str
    url: str


class Pairs(NamedTuple):
    values: dict[str, str]


class Table(NamedTuple):
    """`total` rows there are, of which the first are here. Every cell is text: so no digit is lost."""

    columns: dict[str, list[str]]
    total: int


class Passages(NamedTuple):
    """What a search of documents found."""

    search: Search


Shape = Text | Media | Link | Pairs | Table | Passages


def shapes(text: str, data: Any) -> list[Shape]:
    """The parts of a result, in order. What is nothing special is its text."""
    match data:
        case {"content": list(blocks), **rest} if set(rest) <= {"structured"} and blocks:
            return [shape for block in blocks for shape in _of_block(block)]
        case {"columns": list(names), "rows": list(rows), **rest} if not rest:
            return [_table([dict(zip(names, row, strict=False)) for row in rows])] if rows else [Text(text)]
        case {"status": int(status), "body": dict() | list() as body, **rest} if not rest and (made := _of_value(body)):
            return [Text(f"HTTP {status}"), made]
        case {"knowledge": dict(found), **rest} if not rest and (made := _of_search(found)):
            return [made]
        case _:
            return [_of_text(text)]


def has_media(data: Any) -> bool:
    """Whether a result holds pictures or sounds: as a value they are unreadable and long."""
    return any(isinstance(shape, Media) for shape in shapes("", data))


def is_wide(data: Any) -> bool:
    """Whether a result needs the whole width, beside no label."""
    return any(isinstance(shape, Passages) for shape in shapes("", data))


def _of_block(block: Any) -> list[Shape]:
    match block:
        case {"type": "text", "text": str(text)}:
            return [_of_text(text)]
        case {"type": "image" | "audio", "data": str(data), "mimeType": str(kind)}:
            return [_media(kind, data)]
        case {"type": "resource_link", "uri": str(url)}:
            label = str(block.get("title") or block.get("name") or url)
            return [Link(label, url) if _ADDRESS.fullmatch(url) else Text(f"{label}\n{url}")]
        case {"type": "resource", "resource": {"blob": str(data), "mimeType": str(kind), "uri": uri}}:
            return [Text(str(uri)), _media(kind, data)]
        case {"type": "resource", "resource": {"text": str(text), "uri": uri}}:
            return [Text(str(uri)), _of_text(text)]
        case {"type": kind, "left_out": why}:
            return [Text(f"[{kind}: {why}]")]
        case _:
            return [Text(json.dumps(block, ensure_ascii=False))]


def _of_search(found: dict[str, Any]) -> Shape | None:
    """None: it only looks like a search of ours."""
    try:
        return Passages(msgspec.convert(found, Search))
    except msgspec.ValidationError:
        return None


def _media(kind: str, data: str) -> Shape:
    try:
        content = b64decode(data, validate=True)
    except NotBase64:
        return Text(f"[{kind}: not readable]")
    if kind in PICTURES or kind in SOUNDS:
        return Media(kind in PICTURES, kind, content)
    return Text(f"[{kind}: {len(content):,} bytes]")


def _of_text(text: str) -> Shape:
    if not text.lstrip().startswith(("{", "[")):
        return Text(text)
    try:
        value = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return Text(text)
    return _of_value(value) or Text(text)


def _of_value(value: Any) -> Shape | None:
    """None: it is best read as its text."""
    if isinstance(value, list) and value and all(_is_flat(item) for item in value):
        return _table(value)
    if isinstance(value, dict) and _is_flat(value) and len(value) <= _MOST_PAIRS:
        return Pairs({name: shown(item) for name, item in value.items()})
    return None


def _is_flat(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and not any(isinstance(item, dict | list) for item in value.values())


def _table(rows: list[Mapping[str, Any]]) -> Table:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))[:MOST_COLUMNS]
    shown_rows = rows[:MOST_ROWS]
    return Table(
        {name: ["" if row.get(name) is None else shown(row[name]) for row in shown_rows] for name in names}, len(rows)
    )
