"""Bodies of requests, as their media type writes them."""

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes, urlencode

import msgspec

from core.domain.canonical import Json
from core.tools.executor import CannotDoError
from core.tools.http_request.operation import Field
from core.tools.http_request.styles import pairs
from core.tools.http_request.template import text

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FILE_HINT = "Text as it is; anything else as data:image/png;base64,…"
_DATA = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*(?P<base64>;base64)?,(?P<data>.*)", re.DOTALL)
_TEXT = "text/plain; charset=utf-8"


class Encoded(msgspec.Struct, frozen=True):
    """A body. `media_type` is what the request says of it; empty: there is none."""

    content: bytes = b""
    media_type: str = ""


class _Part(msgspec.Struct, frozen=True):
    """One part of a multipart body. `file` empty: it is no file."""

    name: str
    content: bytes
    media_type: str = ""
    file: str = ""


def encoded(value: Json, media_type: str, fields: tuple[Field, ...] = ()) -> Encoded:
    """The bytes of a body. Raises `CannotDoError` for a value that the type cannot write."""
    kind = media_type.partition(";")[0]
    known = {field.name: field for field in fields}
    if kind == FORM:
        return Encoded(urlencode(list(_pairs(value, known))).encode(), media_type)
    if kind == MULTIPART:
        return _multipart(list(_parts(value, known)))
    if kind.startswith("text/"):
        return Encoded(text(value).encode(), media_type)
    if kind.endswith("json"):
        return Encoded(msgspec.json.encode(value), media_type)
    return Encoded(_file(value)[0], media_type)


def _items(value: Json) -> Iterable[tuple[str, Json]]:
    """The fields that have a value: outside JSON there is no null."""
    if not isinstance(value, dict):
        raise CannotDoError("The body of a form is an object with a value for each field.")
    return ((name, item) for name, item in value.items() if item is not None)


def _pairs(value: Json, known: dict[str, Field]) -> Iterator[tuple[str, str]]:
    for name, item in _items(value):
        yield from _written(name, item, known.get(name))


def _written(name: str, value: Json, field: Field | None) -> list[tuple[str, str]]:
    """A list is its field several times; an object within a field is JSON."""
    if field is not None and field.style is not None:
        return pairs(name, field.style, value, explode=field.explode)
    listed = value if isinstance(value, list) else [value]
    return [(name, text(item)) for item in listed if item is not None]


def _parts(value: Json, known: dict[str, Field]) -> Iterator[_Part]:
    for name, item in _items(value):
        field = known.get(name)
        if field is not None and field.is_file:
            for number, file in enumerate(item if isinstance(item, list) else [item]):
                content, media_type = _file(file)
                given = field.media_type or media_type
                yield _Part(name, content, given, _file_name(name, number, given))
        else:
            media_type = field.media_type if field else ""
            for key, written in _written(name, item, field):
                is_json = isinstance(item, dict) and (field is None or field.style is None)
                yield _Part(key, written.encode(), media_type or ("application/json" if is_json else ""))


def _file(value: Json) -> tuple[bytes, str]:
    """The content of a file and its type. A `data:` address (RFC 2397) is what it holds, any other text is itself."""
    match = _DATA.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return text(value).encode(), _TEXT
    media_type = match["type"] or _TEXT
    if not match["base64"]:
        return unquote_to_bytes(match["data"]), media_type
    try:
        return b64decode(match["data"], validate=True), media_type
    except (binascii.Error, ValueError):
        raise CannotDoError("What stands behind base64, is not base64.") from None


def _file_name(field: str, number: int, media_type: str) -> str:
    """Servers tell a file by its name's ending."""
    ending = media_type.partition(";")[0].rpartition("/")[2].partition("+")[0].removeprefix("x-")
    ending = {"plain": "txt", "jpeg": "jpg", "octet-stream": "bin", "markdown": "md"}.get(ending, ending)
    return f"{field}{number + 1 if number else ''}.{ending}"


def _multipart(parts: list[_Part]) -> Encoded:
    """RFC 7578. The boundary comes from what it parts, so that the same arguments give the same bytes."""
    whole = [_head(part) + part.content + b"\r\n" for part in parts]
    boundary = hashlib.sha256(b"".join(whole)).hexdigest()[:32]
    content = b"".join(b"--%b\r\n%b" % (boundary.encode(), part) for part in whole)
    return Encoded(content + b"--%b--\r\n" % boundary.encode(), f"{MULTIPART}; boundary={boundary}")


def _head(part: _Part) -> bytes:
    file = f'; filename="{_quoted(part.file)}"' if part.file else ""
    media_type = f"Content-Type: {part.media_type}\r\n" if part.media_type else ""
    return f'Content-Disposition: form-data; name="{_quoted(part.name)}"{file}\r\n{media_type}\r\n'.encode()


def _quoted(name: str) -> str:
    """A name as browsers write it: only what would end it is escaped."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
