"""Where exceptions, status codes and error bodies become faults. Nothing else in the project knows them."""

import os
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx2
import msgspec

from core.clients.chat import lenient, words
from core.errors import Fault, FaultKind

# The first that is there: most proxies and providers set one of their own.
_REQUEST_IDS: Final = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-amz-cf-id",
    "x-correlation-id",
    "cf-ray",
)
_LONGEST_WAIT_S: Final = 7 * 86_400.0


def of_answer(status: int, headers: Mapping[str, str], body: bytes, now_s: float) -> Fault:
    """The fault that an error status means, in the provider's own words.

    `headers` by lower-case name; `now_s` is Unix time and only counts where the answer has no date of its own.
    """
    said = words.of_body(body) or words.bounded(headers.get("x-error-message", ""))
    wait_s = retry_after_s(headers, now_s)
    kind = kind_of_status(status)
    if kind == "server_error" and _is_loading(status, said, body):
        kind = "model_loading"
        wait_s = _estimated_s(body) if wait_s is None else wait_s
    if wait_s is None:
        wait_s = words.delay_in(body)
    if kind == "bad_request" and words.code_in(body) == "content_filter":
        kind = "content_filter"
    return Fault(kind, said or f"HTTP {status} {_phrase(status)}".rstrip() + ", without a message.", status, wait_s)


def of_document(error: Fault) -> Fault:
    """The fault of an error that came with status 200, but not inside a stream."""
    kind: FaultKind = "server_error" if error.status is None else kind_of_status(error.status)
    return msgspec.structs.replace(error, kind=kind)


def of_redirect(status: int, headers: Mapping[str, str]) -> Fault:
    """Redirects are not followed: a POST would become a GET, and the key would go to another address."""
    target = words.bounded(headers.get("location", ""), 500) or "nowhere"
    return Fault("not_found", f"The server redirects to {target}. Set that as the address.", status)


def of_transport(error: httpx2.TransportError, *, has_begun: bool, silence_s: float) -> Fault:
    """The fault behind a failed connection. `has_begun`: the answer had started to come."""
    match error:
        case httpx2.ConnectTimeout():
            return Fault("connection", "The server cannot be reached: no connection could be made in time.")
        case httpx2.TimeoutException():
            return Fault("timeout", f"The server was silent for {silence_s:g} seconds.")
        case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return Fault("bad_request", f"The request cannot be sent: {_said(error)}")
        case httpx2.RemoteProtocolError() | httpx2.ReadError() if has_begun:
            return Fault("stream_incomplete", f"The server closed the connection in mid-answer: {_said(error)}")
        case httpx2.ConnectError() | httpx2.ProxyError():
            return Fault("connection", f"The server cannot be reached: {_said(error)}")
        case _:
            return Fault("connection", f"The connection broke: {_said(error)}")


def kind_of_status(status: int) -> FaultKind:
    match status:
        case 401 | 403:
            return "auth"
        case 402:
            return "payment_required"
        case 404:
            return "not_found"
        case 408 | 504 | 524:
            return "timeout"
        case 429:
            return "rate_limited"
        case _:
            return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad_request"


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds to wait as the server says them, or None: `Retry-After` as a number or a date, or `ratelimit`."""
    if (wait_ms := _number(headers.get("retry-after-ms", ""))) is not None:
        return min(wait_ms / 1000, _LONGEST_WAIT_S)
    given = headers.get("retry-after", "").strip()
    wait_s = _number(given)
    if wait_s is None and given:
        wait_s = _seconds_until(given, headers.get("date", ""), now_s)
    if wait_s is None:
        wait_s = _rate_limit_s(headers.get("ratelimit", ""))
    return None if wait_s is None else min(wait_s, _LONGEST_WAIT_S)


def request_id(headers: Mapping[str, str]) -> str:
    return next((words.bounded(headers[name], 200) for name in _REQUEST_IDS if headers.get(name)), "")


def _is_loading(status: int, said: str, body: bytes) -> bool:
    is_unavailable = status == HTTPStatus.SERVICE_UNAVAILABLE
    return is_unavailable and ("loading" in said.lower() or _estimated_s(body) is not None)


def _estimated_s(body: bytes) -> float | None:
    try:
        parsed = lenient.parse(body)
    except ValueError:
        return None
    return _number(str(parsed.get("estimated_time", ""))) if isinstance(parsed, dict) else None


def _seconds_until(date: str, own_date: str, now_s: float) -> float | None:
    # The server's own clock is the one its date was made with.
    until, start = _unix(date), _unix(own_date)
    return None if until is None else max(0.0, until - (now_s if start is None else start))


def _unix(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _rate_limit_s(header: str) -> float | None:
    """Seconds from `"api";r=0;t=55`, when nothing remains (draft-ietf-httpapi-ratelimit-headers)."""
    parameters = dict(part.strip().partition("=")[::2] for part in header.split(";"))
    return _number(parameters.get("t", "")) if parameters.get("r") == "0" else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


def _said(error: BaseException) -> str:
    """The most telling words of a chain of causes: the outermost is often empty, the innermost names the reason."""
    said = ""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ConnectionError) and link.errno:
            return os.strerror(link.errno)  # asyncio's own text only repeats the address
        if isinstance(link, OSError) and link.strerror:
            return words.bounded(link.strerror, 300)
        said = said or str(link)
        link = link.__cause__ or link.__context__
    return words.bounded(said, 300) or type(error).__name__
