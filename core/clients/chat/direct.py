"""HTTP/1.1 straight to a server, over connections that are kept for the next request.

A transport for httpx2 that does only what a model request needs. What goes through a proxy takes the standard one.
"""

import asyncio
import re
import select
import ssl
from collections import defaultdict
from typing import Final

import httpx2

from core.clients.chat.http1 import ResponseParser

_KEEPALIVE_S: Final = 20.0
_HIGH_WATER_BYTES: Final = 1024 * 1024
"""A server that sends faster than its answer is read waits."""
_NEXT_ADDRESS_S: Final = 0.25
"""How long one address of a host may keep the next one waiting (RFC 8305)."""
_ERRNO: Final = re.compile(r"\[Errno (\d+)\]")


class DirectTransport(httpx2.AsyncBaseTransport):
    """Lives on one event loop. Raises the exceptions of httpx2's own transport."""

    def __init__(self, tls: ssl.SSLContext | None = None, keepalive_s: float = _KEEPALIVE_S) -> None:
        """`tls` None: made of the machine's certificates when the first https address is asked."""
        self._tls = tls
        self._keepalive_s = keepalive_s
        self._idle: dict[tuple[str, str, int], list[_Connection]] = defaultdict(list)
        self._open: set[_Connection] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        limits = request.extensions["timeout"]
        connection = self._kept(request.url) or await self._connect(request.url, limits["connect"])
        try:
            parser = await connection.ask(_wire(request), limits["read"])
        except BaseException:
            connection.abort()
            raise
        assert parser.head is not None
        body = _Body(connection, self, limits["read"])
        return httpx2.Response(parser.head.status, headers=parser.head.headers, stream=body)

    async def aclose(self) -> None:
        for connection in tuple(self._open):
            connection.abort()
        await asyncio.sleep(0)  # one turn of the loop, in which they let go of their sockets

    def keep(self, connection: "_Connection") -> None:
        """A response was read, or nobody wants the rest of it."""
        if connection.is_usable:
            connection.rest(self._keepalive_s)
            self._idle[connection.origin].append(connection)
        else:
            connection.abort()

    def _kept(self, url: httpx2.URL) -> "_Connection | None":
        idle = self._idle[_origin(url)]
        while idle:
            connection = idle.pop()
            if connection.wake():
                return connection
        return None

    async def _connect(self, url: httpx2.URL, limit_s: float) -> "_Connection":
        scheme, host, port = origin = _origin(url)
        try:
            async with asyncio.timeout(limit_s):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(origin, self._open),
                    host,
                    port,
                    ssl=self._context() if scheme == "https" else None,
                    happy_eyeballs_delay=_NEXT_ADDRESS_S,
                )
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(str(error)) from _telling(error)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx2.create_ssl_context()
        return self._tls


class _Connection(asyncio.Protocol):
    """One connection; one response at a time."""

    def __init__(self, origin: tuple[str, str, int], open_: "set[_Connection]") -> None:
        self.origin = origin
        self._open = open_
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: ResponseParser | None = None
        self._size_bytes = 0
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._unsent_bytes = 0
        self._silent_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        """Of the silence while a request is under way, of the wait for the next one in between."""

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        if self._parser is None or self._parser.is_complete:
            self.abort()  # nobody asked for that
            return
        try:
            self._parser.feed(data)
        except httpx2.RemoteProtocolError as error:
            self._fail(error)
        self._size_bytes += len(data)
        if self._size_bytes > _HIGH_WATER_BYTES and self._transport:
            self._transport.pause_reading()
        self._ring()

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._stop_timer()
        self._open.discard(self)
        if error is None:
            self._end()  # TLS tells of an end without a goodbye in no other way
        elif self._error is None:
            self._error = httpx2.ReadError(str(error))
            self._error.__cause__ = error
        self._ring()

    # What the transport calls

    @property
    def is_usable(self) -> bool:
        """Whether another request may follow the last one."""
        parser, transport = self._parser, self._transport
        is_open = transport is not None and not transport.is_closing()
        return is_open and parser is not None and parser.is_complete and parser.keeps_alive

    async def ask(self, data: bytes, silence_s: float) -> ResponseParser:
        """Send a request and wait for the head of its response."""
        parser = self._parser = ResponseParser()
        self._size_bytes = 0
        if self._transport is not None:
            self._transport.write(data)
        else:
            self._end()  # it was closed right after it had been made
        while parser.head is None:
            await self._news(silence_s)
        return parser

    async def read(self, silence_s: float) -> bytes:
        """What has come of the body since the last time; empty at its end."""
        parser = self._parser
        assert parser is not None
        while not parser.body:
            if parser.is_complete:
                return b""
            await self._news(silence_s)
        data = b"".join(parser.body) if len(parser.body) > 1 else parser.body[0]
        parser.body.clear()
        if self._size_bytes > _HIGH_WATER_BYTES and self._transport:
            self._transport.resume_reading()
        self._size_bytes = 0
        return data

    def rest(self, keepalive_s: float) -> None:
        """Wait for the next request, but not for ever."""
        self._parser = None
        self._stop_timer()
        self._timer = self._loop.call_later(keepalive_s, self.abort)

    def wake(self) -> bool:
        """Whether the server still keeps the connection too. Its goodbye may have come a moment ago."""
        self._stop_timer()
        if self._transport is None or self._transport.is_closing() or _has_news(self._transport):
            self.abort()
            return False
        return True

    def abort(self) -> None:
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _news(self, silence_s: float) -> None:
        """Wait for more. What had come before an error was taken already; then it is raised."""
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        self._silent_since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(silence_s, self._check_silence, silence_s)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _check_silence(self, silence_s: float) -> None:
        """One timer a request, set anew when it is due: one for each piece of an answer costs more than reading it."""
        unsent = self._transport.get_write_buffer_size() if self._transport else 0
        is_taken_in = 0 < unsent != self._unsent_bytes  # it is still taking the request in
        since = self._loop.time() if is_taken_in or self._waiter is None else self._silent_since
        self._unsent_bytes = unsent
        left_s = since + silence_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._check_silence, silence_s)
        else:
            self._fail(httpx2.ReadTimeout(""))

    def _end(self) -> None:
        """The server closed its side."""
        if self._parser is None:
            return
        try:
            self._parser.end()
        except httpx2.RemoteProtocolError as error:
            self._fail(error)
        self._ring()

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self.abort()
        self._ring()

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Body(httpx2.AsyncByteStream):
    """The body of a response. `aclose` gives the connection back, or ends it where there is more to come."""

    def __init__(self, connection: _Connection, home: DirectTransport, silence_s: float) -> None:
        self._connection: _Connection | None = connection
        self._home, self._silence_s = home, silence_s

    def __aiter__(self) -> "_Body":
        return self

    async def __anext__(self) -> bytes:
        if self._connection is None or not (data := await self._connection.read(self._silence_s)):
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._home.keep(connection)


def _wire(request: httpx2.Request) -> bytes:
    """The request as it goes out."""
    url = request.url
    lines = [b"%b: %b\r\n" % header for header in request.headers.raw]
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (
        request.method.encode("ascii"),
        url.raw_path,
        b"".join(lines),
        request.content,
    )


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _has_news(transport: asyncio.Transport) -> bool:
    """Whether an idle connection has something to read: its end, or what nobody asked for."""
    if not hasattr(select, "poll"):
        return bool(select.select([transport.get_extra_info("socket")], [], [], 0)[0])
    poll = select.poll()
    poll.register(transport.get_extra_info("socket"), select.POLLIN)
    return bool(poll.poll(0))


def _telling(error: OSError | UnicodeError) -> BaseException:
    """The error, or of many that asyncio put into one text the first."""
    found = _ERRNO.search(str(error))
    if isinstance(error, OSError) and error.errno is None and found:
        return OSError(int(found[1]), str(error))
    return error
