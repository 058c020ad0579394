"""The transport on real sockets: connections that are kept, TLS, and servers that let one down."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from core.clients.chat.direct import DirectTransport
from tests.support.certificates import server_context, trusting
from tests.support.loopback import always, reply, serving

LIMITS = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


@asynccontextmanager
async def transport(**options):
    made = DirectTransport(**options)
    yield made
    await made.aclose()


async def post(network, url, content=b"{}", **limits):
    request = httpx2.Request("POST", url, content=content, extensions={"timeout": LIMITS | limits})
    response = await network.handle_async_request(request)
    try:
        return response.status_code, b"".join([piece async for piece in response.stream])
    finally:
        await response.aclose()


@asynccontextmanager
async def talking(talk, tls=None):
    """A server that does what `talk(reader, writer)` does with each connection."""
    conversations = []

    async def connected(reader, writer):
        conversations.append(asyncio.current_task())
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


async def polite(reader, writer):
    """Answers as often as it is asked."""
    with suppress(asyncio.IncompleteReadError):
        while await reader.readuntil(b"{}"):
            writer.write(reply(b"ok"))


async def test_what_goes_out_is_what_was_given():
    async with serving(always(reply(b"ok"))) as server, transport() as network:
        status, body = await post(network, server.url("/a%20b?c=%C3%A4"), b"\x00body")
        assert (status, body) == (200, b"ok")
    (got,) = server.requests
    assert (got.method, got.target, got.body) == ("POST", "/a%20b?c=%C3%A4", b"\x00body")
    assert got.headers["host"] == server.host


async def test_tls_is_verified():
    context = server_context("127.0.0.1")
    async with talking(polite, tls=context) as url:
        async with transport(tls=trusting(context)) as network:
            assert await post(network, url) == (200, b"ok")
            assert await post(network, url) == (200, b"ok")
        async with transport(tls=trusting(server_context("127.0.0.1"))) as network:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await post(network, url)
        async with transport(tls=trusting(context)) as network:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await post(network, url.replace("127.0.0.1", "localhost"))


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used():
    answered = []

    async def once(reader, writer):
        await reader.readuntil(b"{}")
        answered.append(writer)
        writer.write(reply(b"ok"))

    async with talking(once) as url, transport() as network:
        for _ in range(3):
            assert await post(network, url) == (200, b"ok")
            while not answered[-1].is_closing():
                await asyncio.sleep(0)
    assert len(answered) == 3


async def test_what_nobody_asked_for_ends_the_connection():
    async def says_too_much(reader, writer):
        await reader.readuntil(b"{}")
        writer.write(reply(b"ok") + reply(b"and more"))
        await reader.read()

    async with talking(says_too_much) as url, transport() as network:
        assert await post(network, url) == (200, b"ok")
        assert await post(network, url) == (200, b"ok")


async def test_an_idle_connection_is_closed_after_a_while():
    closed = asyncio.Event()

    async def once(reader, writer):
        await reader.readuntil(b"{}")
        writer.write(reply(b"ok"))
        await reader.read()
        closed.set()

    async with talking(once) as url, transport(keepalive_s=0.05) as network:
        await post(network, url)
        await asyncio.wait_for(closed.wait(), 5)


async def test_a_reader_that_is_slow_slows_the_server_down():
    total = 32 * 1024 * 1024
    written = 0

    async def floods(reader, writer):
        nonlocal written
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        while written < total:
            writer.write(b"x" * 65_536)
            await writer.drain()
            written += 65_536

    async with talking(floods) as url, transport() as network:
        request = httpx2.Request("POST", url, content=b"{}", extensions={"timeout": LIMITS})
        response = await network.handle_async_request(request)
        before = -1
        while written != before:  # until the server has to wait
            before = written
            await asyncio.sleep(0.1)
        assert written < total
        assert sum([len(piece) async for piece in response.stream]) == total
        await response.aclose()


async def test_a_large_request_may_take_longer_than_the_silence_that_is_allowed():
    size = 16 * 1024 * 1024

    async def sips(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: %d" % size in head.lower()
        left = size
        for wait_s in (0.8, 0.8, 0.8):
            left -= len(await reader.readexactly(2 * 1024 * 1024))
            await asyncio.sleep(wait_s)
        await reader.readexactly(left)
        writer.write(reply(b"ok"))

    async with talking(sips) as url, transport() as network:
        assert await post(network, url, b"x" * size, read=2.0) == (200, b"ok")


async def test_silence_has_a_limit():
    async def silent(reader, writer):
        await reader.read()

    async with talking(silent) as url, transport() as network:
        with pytest.raises(httpx2.ReadTimeout):
            await post(network, url, read=0.05)


async def test_a_connection_that_cannot_be_made_in_time():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # the kernel takes no more of them
            one.setblocking(False)
            one.connect_ex(address)
        async with transport() as network:
            with pytest.raises(httpx2.ConnectTimeout):
                await post(network, f"http://127.0.0.1:{address[1]}/", connect=0.1)
        for one in waiting:
            one.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_a_refusal_names_its_reason(host):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with transport() as network:
        with pytest.raises(httpx2.ConnectError) as refused:
            await post(network, f"http://{host}:{port}/")
    assert isinstance(refused.value.__cause__, OSError)
    assert refused.value.__cause__.errno


async def test_a_name_that_leads_nowhere():
    async with transport() as network:
        with pytest.raises(httpx2.ConnectError):
            await post(network, f"http://{'a' * 64}.localhost/")


async def test_closing_ends_what_is_under_way():
    begun = asyncio.Event()

    async def silent(reader, writer):
        await reader.readuntil(b"{}")
        begun.set()
        await reader.read()

    async with talking(silent) as url:
        network = DirectTransport()
        task = asyncio.create_task(post(network, url))
        await begun.wait()
        await network.aclose()
        with pytest.raises(httpx2.RemoteProtocolError):
            await task
