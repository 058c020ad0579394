"""HTTP for tools: one request, one answer, within bounds of place, size and time.

Nothing of this machine goes along: no cookies, no token, no proxy of the environment.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from core.clients.addresses import AllowedHost, allowed_host
from core.clients.guard import GuardedTransport, RefusedError, Resolve, check_url, system_addresses
from core.errors import Fault, FaultError, FaultKind, OutcomeUnknown

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, 9.2.1)."""

_MAX_URL_CHARS = 16_000
_REDIRECTS = {301, 302, 303, 307, 308}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
_ENCODINGS = {"gzip", "x-gzip", "deflate", "identity", ""}
_DEFAULT_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "Aryabhatta"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """One request of a tool. `allow`: hosts ("host" or "host:port") that may have any address."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    allow: tuple[str, ...] = ()
    timeout_s: float = 30.0
    max_bytes: int = 5_000_000
    """Of the answer's body, unpacked; the rest is not read."""
    redirects: int = 5
    """How many a question (GET, HEAD) follows; every other request ends with the redirect as its answer."""
    changes: bool | None = None
    """Whether it may change something: then a lost answer is a doubt and not a failure. None: its method says."""

    @property
    def is_safe(self) -> bool:
        return self.method.upper() in SAFE_METHODS if self.changes is None else not self.changes

    @property
    def follows(self) -> bool:
        return self.is_safe and self.method.upper() in SAFE_METHODS


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """The answer. `headers` have lower-case names; `cut`: the body is longer than what is here."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    cut: bool = False

    @property
    def media_type(self) -> str:
        """Of the body, in lower case without parameters; empty when the server did not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """The body as text, in the encoding the server names, else UTF-8; what cannot be read becomes U+FFFD."""
        charset = httpx2.Response(200, headers={"content-type": self.headers.get("content-type", "")}).charset_encoding
        try:
            return self.body.decode(charset or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


class Outbound:
    """Sends requests for tools. `allow` holds for every request, beside what each allows itself."""

    def __init__(
        self, *, allow: Iterable[str] = (), resolve: Resolve = system_addresses, connect_timeout_s: float = 10.0
    ) -> None:
        self._allowed = _allowed(allow)
        self._resolve = resolve
        self._connect_timeout_s = connect_timeout_s
        self._ssl_context: ssl.SSLContext | None = None

    async def send(self, request: OutboundRequest) -> OutboundResponse:
        """The answer, whatever its status.

        Raises `FaultError` when nothing can have happened: refused, not connected, or a safe request failed.
        Raises `OutcomeUnknown` when any other request went out and its answer is lost.
        """
        progress = _Progress(request.is_safe)
        url = _url(request.url)
        allowed = self._allowed + _request_allowed(request)
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._follow(request, url, allowed, progress)
        except TimeoutError:
            raise progress.failure("timeout", f"No whole answer within {request.timeout_s:g} seconds", url) from None
        except RefusedError as error:
            raise FaultError(Fault("connection", str(error))) from None
        except httpx2.TimeoutException:
            raise progress.failure("timeout", "The connection took too long", url) from None
        except httpx2.DecodingError:
            raise progress.failure("server_error", "The answer cannot be unpacked", url) from None
        except httpx2.TransportError as error:
            raise progress.failure("connection", _said(error), url) from None

    async def _follow(
        self, request: OutboundRequest, url: httpx2.URL, allowed: tuple[AllowedHost, ...], progress: "_Progress"
    ) -> OutboundResponse:
        headers = {**_DEFAULT_HEADERS, **_given_headers(request.headers)}
        for _ in range(request.redirects + 1):
            transport = GuardedTransport(allowed, resolve=self._resolve, ssl_context=self._tls(url))
            async with transport, self._exchange(transport, request, url, headers, progress) as response:
                target = _redirect(response, url) if request.follows else None
                if target is None or not request.redirects:
                    return await _read(response, url, request.max_bytes)
            if target.origin != url.origin:
                # What was meant for one server, a key above all, is not for another.
                headers = dict(_DEFAULT_HEADERS)
            url = target
        raise RefusedError(f"{_place(url)} redirects more than {request.redirects} times.")

    @asynccontextmanager
    async def _exchange(
        self,
        transport: GuardedTransport,
        request: OutboundRequest,
        url: httpx2.URL,
        headers: dict[str, str],
        progress: "_Progress",
    ) -> AsyncIterator[httpx2.Response]:
        timeout = httpx2.Timeout(request.timeout_s, connect=self._connect_timeout_s)
        extensions = {"timeout": timeout.as_dict(), "trace": progress.trace}
        body = request.body or None
        sent = httpx2.Request(request.method.upper(), url, headers=headers, content=body, extensions=extensions)
        response = await transport.handle_async_request(sent)
        progress.status = response.status_code
        try:
            yield response
        finally:
            await response.aclose()

    def _tls(self, url: httpx2.URL) -> ssl.SSLContext | None:
        if url.scheme == "https" and self._ssl_context is None:
            # Once: reading the certificates takes 25 ms.
            self._ssl_context = httpx2.create_ssl_context()
        return self._ssl_context


@dataclass(slots=True)
class _Progress:
    """How far a request came: what its failure means depends on it."""

    is_safe: bool
    sent: bool = False
    status: int | None = None

    async def trace(self, event: str, info: object) -> None:  # noqa: ARG002 (the library's signature)
        if event.endswith("send_request_headers.started"):
            self.sent = True

    def failure(self, kind: FaultKind, what: str, url: httpx2.URL) -> FaultError | OutcomeUnknown:
        if not self.sent or self.is_safe:
            return FaultError(Fault(kind, f"{what} ({_place(url)})."))
        answered = f"the server answered {self.status}, then" if self.status else "the request was sent, and then:"
        return OutcomeUnknown(f"{_place(url)}: {answered} {what[0].lower()}{what[1:]}.")


def _allowed(entries: Iterable[str]) -> tuple[AllowedHost, ...]:
    return tuple(allowed_host(entry) for entry in entries)


def _request_allowed(request: OutboundRequest) -> tuple[AllowedHost, ...]:
    try:
        return _allowed(request.allow)
    except ValueError as error:
        raise FaultError(Fault("bad_request", f"Among the allowed hosts: {error}")) from None


def _url(text: str) -> httpx2.URL:
    if len(text) > _MAX_URL_CHARS:
        raise FaultError(Fault("bad_request", f"The address is longer than {_MAX_URL_CHARS:,} characters."))
    try:
        return httpx2.URL(text.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise FaultError(Fault("bad_request", f"The address cannot be read: {error}.")) from None


def _given_headers(headers: dict[str, str]) -> dict[str, str]:
    """Checked here, not by the library: it finds fault only when it has begun to send."""
    given = {name.lower(): value.strip() for name, value in headers.items()}
    for name, value in given.items():
        if not is_sendable(name, value):
            raise FaultError(Fault("bad_request", f"The header {name!r} cannot be set to this."))
    return given


def is_sendable(name: str, value: str = "") -> bool:
    """Whether a tool may set this header to this."""
    is_plain = value.isascii() and (value.isprintable() or not value)
    return name.lower() not in _OWN_HEADERS and bool(_TOKEN.fullmatch(name.lower())) and is_plain


def _redirect(response: httpx2.Response, url: httpx2.URL) -> httpx2.URL | None:
    location = response.headers.get("location")
    if response.status_code not in _REDIRECTS or not location:
        return None
    try:
        target = url.join(location)
    except (httpx2.InvalidURL, ValueError):
        raise RefusedError(f"{_place(url)} redirects to an address that cannot be read.") from None
    check_url(target)
    return target


async def _read(response: httpx2.Response, url: httpx2.URL, max_bytes: int) -> OutboundResponse:
    if response.headers.get("content-encoding", "identity").lower() not in _ENCODINGS:
        # Packed twice over, a small answer could unpack without end and without a pause.
        raise httpx2.DecodingError("not an encoding that was asked for")
    body = bytearray()
    async with aclosing(response.aiter_bytes()) as parts:
        async for part in parts:
            body += part
            if len(body) > max_bytes:
                break
    headers = {name.lower(): value for name, value in response.headers.items()}
    return OutboundResponse(response.status_code, headers, bytes(body[:max_bytes]), str(url), len(body) > max_bytes)


def _place(url: httpx2.URL) -> str:
    """Where a request went, without path and query: those may hold secrets."""
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"


def _said(error: httpx2.TransportError) -> str:
    match error:
        case httpx2.ConnectError():
            return f"Cannot connect: {str(error) or 'no answer'}"
        case httpx2.RemoteProtocolError():
            return f"The server broke off or does not speak HTTP: {error}"
        case _:
            return f"The connection broke: {str(error) or type(error).__name__}"
