"""What a server says about its own failure, found in whatever form it took, as bounded plain text."""

import html
import re
from collections.abc import Iterable
from typing import Final, Literal

from core.clients.chat import lenient
from core.clients.chat.text import mended
from core.domain.canonical import Json

LIMIT_CHARS: Final = 2_000
StreamFault = Literal["stream_malformed", "stream_error"]

_SILENT_ELEMENTS: Final = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_RETRY_DELAY: Final = re.compile(rb'"retryDelay"\s*:\s*"(\d{1,6}(?:\.\d{1,9})?)s"')
_SPACES: Final = re.compile(r"[ \t]*\n\s*|[ \t]{2,}")


def of_body(body: bytes) -> str:
    """The message in the body of an error, or the body itself as text; empty when there is none."""
    try:
        parsed = lenient.parse(_bare(body))
    except ValueError:
        return of_page(body.decode("utf-8", "replace"))
    return of_error(parsed) if parsed else ""


def code_in(body: bytes) -> str:
    """The name that an error gives itself, as Azure and OpenAI do; empty when it has none."""
    try:
        parsed = lenient.parse(body)
    except ValueError:
        return ""
    match parsed:
        case {"error": {"code": str(code)}} | {"code": str(code)}:
            return code
        case _:
            return ""


def delay_in(body: bytes) -> float | None:
    """Seconds to wait as Google says them within an error, or None."""
    found = _RETRY_DELAY.search(body)
    return float(found[1]) if found else None


def of_error(error: Json) -> str:
    """The words in an error value: a string, an object in one of the known forms, or a list of such."""
    return bounded(_find(error) or lenient.write(error))


def of_page(page: str) -> str:
    """A text, or an HTML page without its markup."""
    if not re.match(r"\s*<", page):
        return bounded(page)
    titles = _TITLE.findall(page)
    text = _TAG.sub(" ", _SILENT_ELEMENTS.sub(" ", page))
    return bounded(html.unescape(" ".join((*titles, text))))


def status_in(error: Json) -> int | None:
    """An HTTP status that an error value carries, or None."""
    match error:
        case {"error": dict(inner)}:
            return status_in(inner)
        case {"code": int(code)} | {"status": int(code)} | {"status_code": int(code)} | {"http_status_code": int(code)}:
            return code if 400 <= code < 600 else None
        case {"code": str(code)} if re.fullmatch(r"[45]\d\d", code):
            return int(code)
        case _:
            return None


def shown(value: Json) -> str:
    """A value as it may stand in a sentence."""
    return bounded(lenient.write(value), 200)


def excerpt(data: bytes) -> str:
    """The start of something unreadable, as it may stand in a sentence."""
    return bounded(data[:800].decode("utf-8", "replace"), 200)


def bounded(text: str, limit: int = LIMIT_CHARS) -> str:
    """Plain text: no control characters, no runs of blanks, not longer than `limit` characters."""
    plain = _SPACES.sub(lambda run: "\n" if "\n" in run[0] else " ", _CONTROLS.sub(" ", mended(text))).strip()
    return plain if len(plain) <= limit else f"{plain[:limit].rstrip()}…"


def _bare(body: bytes) -> bytes:
    """Without the frame of an event: some servers also put errors with a status of their own into one."""
    first = next((line for line in body.splitlines() if line.startswith(b"data:")), None)
    return body if first is None else first[5:]


def _find(value: Json) -> str:
    match value:
        case str():
            return value
        case dict():
            return _in_object(value)
        case list():
            return "; ".join(filter(None, map(_find, value[:10])))
        case _:
            return ""


def _in_object(value: dict[str, Json]) -> str:
    if isinstance(place := value.get("loc"), list) and isinstance(value.get("msg"), str):
        return f"{'.'.join(map(str, place))}: {value['msg']}"
    return _first(_find(value.get(name)) for name in _NAMES)


# In the order in which they are the most telling: `error_description` explains what `error` only names.
_NAMES: Final = ("error_description", "message", "msg", "error", "errors", "detail", "details", "title", "reason")


def _first(found: Iterable[str]) -> str:
    return next(filter(None, found), "")
