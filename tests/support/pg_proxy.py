"""A door in front of a Postgres server that can be shut: connections break off, new ones are refused or hang."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from sqlalchemy import make_url


class Door:
    """Listens on 127.0.0.1 and carries bytes to the server's socket. Open at first."""

    def __init__(self, server_url: str) -> None:
        self._url = make_url(server_url)
        self._socket = f"{self._url.query['host']}/.s.PGSQL.5432"
        self._loop = asyncio.new_event_loop()
        self._way: Literal["open", "shut", "hangs"] = "open"
        self._tasks: set[asyncio.Task[None]] = set()
        self.knocks = threading.Semaphore(0)
        """One for each connection that was not let in."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._do(asyncio.start_server(self._accept, "127.0.0.1", 0))

    @property
    def url(self) -> str:
        """The same database, through the door."""
        port = self._server.sockets[0].getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

    def open(self) -> None:
        self._do(self._turn("open"))

    def shut(self) -> None:
        """Break off every connection, and new ones at once."""
        self._do(self._turn("shut"))

    def hang(self) -> None:
        """Break off every connection; new ones get no answer, as from a machine that has lost its power."""
        self._do(self._turn("hangs"))

    def close(self) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _turn(self, way: Literal["open", "shut", "hangs"]) -> None:
        self._way = way
        await self._end_all()

    async def _end_all(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.transport.abort())  # also of one that is cancelled before it begins

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._way != "open":
            self.knocks.release()
        if self._way == "shut":
            return
        if self._way == "hangs":
            await asyncio.Event().wait()
        with suppress(OSError):
            from_server, to_server = await asyncio.open_unix_connection(self._socket)
            ways = [asyncio.ensure_future(_pour(*way)) for way in ((reader, to_server), (from_server, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                to_server.transport.abort()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@contextmanager
def door(server_url: str) -> Iterator[Door]:
    made = Door(server_url)
    try:
        yield made
    finally:
        made.close()
