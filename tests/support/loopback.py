"""A real HTTP server on the loopback interface that answers what a test tells it to, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


Answer = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed its connection."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, target: str = "/") -> str:
        return f"http://{self.host}{target}"


def reply(body: bytes | str = b"", status: int = 200, **headers: str) -> bytes:
    """A whole HTTP answer. Header names are written with underscores."""
    content = body.encode() if isinstance(body, str) else body
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"content-length": str(len(content)), "content-type": "text/plain; charset=utf-8"} | given
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Because\r\n{lines}\r\n".encode() + content


def always(answer: bytes) -> Answer:
    async def write(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return write


def by_path(**answers: bytes) -> Answer:
    """The answer by the first part of the path; 404 for others."""

    async def write(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get(received.path.split("/")[1], reply("nothing here", 404)))

    return write


async def silence(_: Received, writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await writer.wait_closed()


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    server = Loopback()
    conversations: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.create_task(_converse(server, answer, reader, writer)))

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        # One turn of the loop, in which the closed connections let go of their sockets.
        await asyncio.sleep(0)


async def _converse(
    server: Loopback, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        received = await _read(reader)
        server.requests.append(received)
        gone = asyncio.create_task(_gone(reader, server.left))
        answering = asyncio.ensure_future(answer(received, writer))
        await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, answering):
            task.cancel()
        await asyncio.gather(gone, answering, return_exceptions=True)
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _gone(reader: asyncio.StreamReader, left: asyncio.Event) -> None:
    with suppress(ConnectionError):
        while await reader.read(1000):
            pass
    left.set()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Received(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))
