"""From a server's answer to what a tool hands back."""

from http import HTTPStatus

import msgspec

from core.clients.outbound import OutboundResponse
from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.tools.executor import CannotDoError
from core.tools.selection import selected


def result_of(answer: OutboundResponse, select: str = "") -> ToolResult:
    """Status and body as text, and as a value where the body is JSON; of a good answer only what `select` finds.

    Where nothing can be selected the answer stands whole, with the reason.
    """
    is_error = not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    value = _value(answer)
    whole = ToolResult(_whole(answer), is_error=is_error, data={"status": answer.status, "body": value})
    if not select or is_error:
        return whole
    if value is None:
        return _with_reason(whole, select, "The answer is not JSON.")
    try:
        found = selected(select, value)
    except CannotDoError as error:
        return _with_reason(whole, select, str(error))
    shown = found if isinstance(found, str) else msgspec.json.format(msgspec.json.encode(found), indent=1).decode()
    return ToolResult(f"HTTP {answer.status}\n{shown}", data={"status": answer.status, "body": found})


_NO = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def found_in(answer: OutboundResponse, select: str = "") -> ToolResult | None:
    """What a status check says: what the call came to, or None when it did not happen.

    Raises `CannotDoError` for an answer that says neither.
    """
    if answer.status in _NO:
        return None
    found = result_of(answer, select)
    if found.is_error:
        raise CannotDoError(found.text[:500])
    if not select:
        return found
    value = _value(answer)
    if value is None:
        raise CannotDoError(f"`{select}` cannot be looked for: the answer is not JSON.")
    return None if _is_nothing(selected(select, value)) else found


def _is_nothing(value: Json) -> bool:
    """As JMESPath has it: the number 0 is something."""
    return value is None or value is False or (isinstance(value, str | list | dict) and not value)


def _with_reason(whole: ToolResult, select: str, reason: str) -> ToolResult:
    return msgspec.structs.replace(whole, text=f"{whole.text}\n(`{select}` was not applied. {reason})")


def _whole(answer: OutboundResponse) -> str:
    body = _body(answer)
    moved = f"\nLocation: {answer.headers['location']}" if "location" in answer.headers else ""
    cut = f"\n(only the first {len(answer.body):,} bytes were read)" if answer.cut else ""
    return f"HTTP {answer.status}{moved}\n{body}{cut}" if body else f"HTTP {answer.status}, no content{moved}"


def _body(answer: OutboundResponse) -> str:
    if b"\0" in answer.body[:1_000] and "charset" not in answer.headers.get("content-type", ""):
        return f"({answer.media_type or 'binary data'}, {len(answer.body):,} bytes)"
    return answer.text()


def _value(answer: OutboundResponse) -> Json:
    """The body as a value where it is JSON."""
    if answer.cut or not answer.media_type.endswith("json"):
        return None
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
