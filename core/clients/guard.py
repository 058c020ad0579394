"""A transport that connects only to addresses it has checked itself, after DNS and at every connection.

Checking a name first and connecting to it afterwards would let a name change in between (DNS rebinding);
here the address that was checked is the address that is used, while TLS and the Host header keep the name.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager
from ipaddress import ip_address

import httpcore2
import httpx2

from core.clients.addresses import AllowedHost, refusal
from core.errors import AryabhattaError

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Addresses of a host. Raises `OSError` when it has none."""

_MAX_ADDRESSES = 4
_SocketOptions = Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]]


class RefusedError(AryabhattaError):
    """The guard does not let a request through; nothing was sent."""


async def system_addresses(host: str, port: int) -> list[str]:
    """What this machine's resolver says of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections for an HTTP pool, to public or allowed addresses only."""

    def __init__(self, allowed: tuple[AllowedHost, ...], resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's signature)
        local_address: str | None = None,
        socket_options: _SocketOptions | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._checked(host, port, timeout)
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("the name has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 (the library's signature)
        socket_options: _SocketOptions | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        raise RefusedError(f"Refused to open the socket {path}.")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _checked(self, host: str, port: int, timeout_s: float | None) -> list[str]:
        """The addresses to try. One bad address is enough to refuse a name: an honest one does not mix."""
        try:
            async with asyncio.timeout(timeout_s):
                addresses = _written_address(host) or await self._resolve(host, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"looking up {host} took too long") from None
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be found ({error})") from None
        if not any(entry.covers(host, port) for entry in self._allowed):
            for address in addresses:
                _check(host, address)
        return addresses[:_MAX_ADDRESSES]


def _written_address(host: str) -> list[str]:
    """The address that a host is in itself; empty for a name.

    Resolvers take 127.1, 0x7f000001 and 2130706433 for 127.0.0.1, each as far as it likes; here it is settled.
    """
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    try:
        return [socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))]
    except OSError:
        return []


def _check(host: str, address: str) -> None:
    if word := refusal(ip_address(address)):
        name = host if host == address else f"{host} ({address})"
        raise RefusedError(f"Refused to connect to {name}: its address is {word}. The operator can allow this host.")


class GuardedTransport(httpx2.AsyncBaseTransport):
    """A transport for httpx2 behind the guard. No proxies; no connection is used twice unless some are to be kept.

    A kept connection is found by host and port alone: one that a tool with an allowance opened would serve a tool
    without, so only a transport that has one user keeps any.
    """

    def __init__(
        self,
        allowed: tuple[AllowedHost, ...] = (),
        *,
        resolve: Resolve = system_addresses,
        ssl_context: ssl.SSLContext | None = None,
        kept_connections: int = 0,
    ) -> None:
        backend = GuardedBackend(allowed, resolve)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl_context, network_backend=backend, max_keepalive_connections=kept_connections, retries=0
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        check_url(request.url)
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _translated():
            response = await self._pool.handle_async_request(sent)
        return httpx2.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async with aclosing(self._response.aiter_stream()) as parts:
                async for part in parts:
                    yield part

    async def aclose(self) -> None:
        await self._response.aclose()


def check_url(url: httpx2.URL) -> None:
    """Raise `RefusedError` for an address that cannot be meant for a web server."""
    if url.scheme not in ("http", "https"):
        raise RefusedError(f"Only http and https addresses can be used, not {url.scheme or 'one without a scheme'}.")
    if not url.host or b"%" in url.raw_host:
        raise RefusedError("The address has no host, or one that cannot be a name.")
    if url.userinfo:
        raise RefusedError("An address must not carry a name or password before its host.")


@contextmanager
def _translated() -> Iterator[None]:
    """The core's errors as those of httpx2, which names each of them alike."""
    try:
        yield
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
        raise getattr(httpx2, type(error).__name__)(str(error)) from error
