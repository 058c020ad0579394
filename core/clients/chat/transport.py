"""Under huggingface_hub's client: it builds address, route and credentials; from here on every byte is ours.

The hub is a good guide to providers and a poor wire: each cure below stands beside what it cures. Only public hooks
are used: `set_async_client_factory` and an httpx2 transport around the standard one.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote_to_bytes

import httpx2

from core.clients.chat import faults
from core.clients.chat.direct import DirectTransport
from core.clients.chat.proxies import proxy_for
from core.clients.chat.route import Route, origin_of, without_password
from core.errors import Fault, FaultError

NO_KEY: Final = "none"
"""What the hub is given for an endpoint that has no key. It never leaves this machine."""

_REFUSAL_LIMIT_BYTES: Final = 64 * 1024
_REFUSAL_LIMIT_S: Final = 5.0
_KEEPALIVE_S: Final = 20.0


@dataclass(slots=True)
class Wire:
    """One request on its way: what must go out, and what came back. Times are milliseconds since `began`."""

    route: Route
    body: bytes
    http: "SharedClient"
    silence_s: float
    connect_s: float
    began: float = field(default_factory=time.perf_counter)
    url: str = ""
    """Where it went, without a password; empty while nothing was sent."""
    response: httpx2.Response | None = None
    stream: AsyncIterable[bytes] | None = None
    """The body as it comes from the socket."""
    headers_ms: float | None = None
    first_token_ms: float | None = None
    thinking_ms: float | None = None
    """When the first thought came, before any word of the answer."""
    answering_ms: float | None = None

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self.began) * 1000

    @property
    def thought_ms(self) -> float | None:
        """From the first thought to the first word of the answer, or to now."""
        if self.thinking_ms is None:
            return None
        return (self.elapsed_ms() if self.answering_ms is None else self.answering_ms) - self.thinking_ms

    @property
    def status(self) -> int | None:
        return None if self.response is None else self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self.response is None else self.response.headers


_current_wire: ContextVar[Wire] = ContextVar("current_wire")


@contextmanager
def sending(wire: Wire) -> Iterator[None]:
    """What the hub sends within is this request. No longer than needed: tasks started meanwhile would inherit it."""
    token = _current_wire.set(wire)
    try:
        yield
    finally:
        _current_wire.reset(token)


def current_wire() -> Wire | None:
    """The request that the hub is sending right now, or None."""
    return _current_wire.get(None)


class SharedClient(httpx2.AsyncClient):
    """One connection pool for all requests of an event loop. What the hub sends through it is the recorded body, once.

    The hub opens and closes a client with every client of its own. Making one costs 25 ms for its TLS context, and
    keeping a client of the hub instead leaks: each stream leaves an entry on its exit stack until it is closed.
    """

    def __init__(self, network: httpx2.AsyncBaseTransport | None = None) -> None:
        """`network` stands in for it."""
        self._network = _Routes() if network is None else network
        super().__init__(transport=self._network)

    @asynccontextmanager
    async def stream(self, method: str, url: httpx2.URL | str, **asked: Any) -> AsyncIterator[httpx2.Response]:
        """Send the hub's request with the recorded body, and take the answer before the hub can misread it.

        Nothing else of a general client happens on the way. A redirect would repeat the request unasked, at another
        address, with the key. A cookie of one server would go to every other port of its host. The hub's hooks forbid
        127.0.0.1 under HF_HUB_OFFLINE, and read error bodies only when these tell their length, which leaves the
        connection taken for ever.
        """
        wire = current_wire()
        assert wire is not None
        request = _recorded(method, _url(str(url)), asked["headers"], wire)
        response = await self._send(request, wire)
        try:
            if not response.is_success:
                # The hub knows three forms of an error body, and raises AttributeError or ResponseNotRead for
                # others. Raised here, it never sees one.
                raise FaultError(await _refusal(response))
            yield response
        finally:
            await response.aclose()

    async def _send(self, request: httpx2.Request, wire: Wire) -> httpx2.Response:
        wire.url = without_password(request.url)
        wire.began = time.perf_counter()
        try:
            response = await self._network.handle_async_request(request)
        except httpx2.TransportError as error:
            # The hub would wrap some of these and let others pass as they are.
            raise FaultError(faults.of_transport(error, has_begun=False, silence_s=wire.silence_s)) from error
        wire.headers_ms = wire.elapsed_ms()
        response.request = request
        if response.headers.get("content-encoding", "").lower() == "x-gzip":
            response.headers["content-encoding"] = "gzip"  # the same by its older name (RFC 9110, 8.4.1.3)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        wire.response, wire.stream = response, response.stream
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        await self._network.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Stay open: `aclose` is for whoever made this client."""


async def decoded(wire: Wire) -> AsyncGenerator[bytes]:
    """The body of the answer, as it comes. Raises `FaultError`."""
    assert wire.response is not None
    assert wire.stream is not None
    # The bare stream is half the work of aiter_bytes(); only an answer that is compressed although
    # nobody asked for it needs the decoder.
    is_plain = wire.response.headers.get("content-encoding", "identity") == "identity"
    source = wire.stream if is_plain else wire.response.aiter_bytes()
    try:
        async for piece in source:
            yield piece
    except httpx2.TransportError as error:
        raise FaultError(faults.of_transport(error, has_begun=True, silence_s=wire.silence_s)) from error
    except httpx2.DecodingError as error:
        raise FaultError(Fault("stream_malformed", f"The answer cannot be decompressed: {error}")) from error


@lru_cache(maxsize=256)
def _url(text: str) -> httpx2.URL:
    """Taking an address apart costs more than anything else that is done to a request here."""
    return httpx2.URL(text)


def _recorded(method: str, url: httpx2.URL, headers: Mapping[str, str], wire: Wire) -> httpx2.Request:
    """The hub's request with the recorded body in place of its own, which drops nulls and rewrites schemas."""
    if wire.url:
        raise FaultError(Fault("internal", "A second request for one answer was stopped before it was sent."))
    if origin_of(url) != wire.route.origin:
        raise FaultError(Fault("internal", f"A request to {url.host} instead of {wire.route.origin} was stopped."))
    # Compressed, a stream comes in lumps.
    sent = {name.lower(): value for name, value in headers.items()} | {"accept": "*/*", "accept-encoding": "identity"}
    if url.userinfo:
        sent["authorization"] = f"Basic {b64encode(unquote_to_bytes(url.userinfo)).decode()}"
    elif sent.get("authorization") == f"Bearer {NO_KEY}":
        del sent["authorization"]
    # The hub passes its own timeout, "for ever".
    limits = {"connect": wire.connect_s, "read": wire.silence_s, "write": wire.silence_s, "pool": wire.connect_s}
    return httpx2.Request(method, url, headers=sent, content=wire.body, extensions={"timeout": limits})


async def _refusal(response: httpx2.Response) -> Fault:
    """The fault in an answer that is none. Its body is read to a bound, in bytes and in time, then closed.

    An unread body keeps its connection out of the pool: a hundred of them and the next request waits for ever.
    """
    body = b""
    try:
        async with asyncio.timeout(_REFUSAL_LIMIT_S), aclosing(response.aiter_bytes()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > _REFUSAL_LIMIT_BYTES:
                    break
    except (TimeoutError, httpx2.HTTPError):
        pass  # what came until then is what there is to show
    if response.has_redirect_location:
        return faults.of_redirect(response.status_code, response.headers)
    return faults.of_answer(response.status_code, response.headers, body[:_REFUSAL_LIMIT_BYTES], time.time())


class _Routes(httpx2.AsyncBaseTransport):
    """Straight to the server, or through the environment's proxy where there is one for an address."""

    def __init__(self) -> None:
        self._by_origin: dict[str, httpx2.AsyncBaseTransport] = {}
        self._by_proxy: dict[str | None, httpx2.AsyncBaseTransport] = {None: DirectTransport()}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        origin = origin_of(request.url)
        transport = self._by_origin.get(origin)
        if transport is None:
            transport = self._by_origin[origin] = self._through(proxy_for(request.url))
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self._by_proxy.values():
            await transport.aclose()

    def _through(self, proxy: str | None) -> httpx2.AsyncBaseTransport:
        if proxy not in self._by_proxy:
            self._by_proxy[proxy] = httpx2.AsyncHTTPTransport(
                proxy=proxy,
                limits=httpx2.Limits(
                    max_connections=None, max_keepalive_connections=100, keepalive_expiry=_KEEPALIVE_S
                ),
            )
        return self._by_proxy[proxy]
