"""Bodies of requests, as their media type writes them."""

from urllib.parse import urlencode

import msgspec

from core.domain.canonical import Json
from core.tools.executor import CannotDoError
from core.tools.http_request.template import text

FORM = "application/x-www-form-urlencoded"


def encoded(value: Json, media_type: str) -> bytes:
    """The bytes of a body. Raises `CannotDoError` for a value that the type cannot write."""
    if media_type == FORM:
        return urlencode(_fields(value)).encode()
    return text(value).encode() if media_type.startswith("text/") else msgspec.json.encode(value)


def _fields(value: Json) -> list[tuple[str, str]]:
    """A list is its field several times; an object within a field is JSON."""
    if not isinstance(value, dict):
        raise CannotDoError("The body of a form is an object with a value for each field.")
    listed = ((name, item if isinstance(item, list) else [item]) for name, item in value.items())
    return [(name, text(item)) for name, items in listed for item in items if item is not None]
