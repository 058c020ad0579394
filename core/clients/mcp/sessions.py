"""The live sessions of one event loop: one for each server, shared by everything that calls its tools."""

import asyncio
import importlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.clients.mcp.answer import NOBODY_LISTENS, Called, Listener
from core.clients.mcp.errors import LostAnswerError, SessionGoneError, refused
from core.clients.mcp.tokens import NO_VAULT, TokenVault
from core.clients.patience import off_the_clock
from core.domain.canonical import Json, content_hash
from core.domain.tool_source import ListedTool, McpServer

if TYPE_CHECKING:
    from core.clients.mcp.connection import Connection

OPEN_S = 60.0
"""A command may have to be downloaded first."""
CANCEL_S = 1.0
"""How long a server is given to hear that a call was cancelled."""
CLOSE_S = 5.0


class McpSessions:
    """A session is opened when it is first needed, and anew after it died. Nothing is ever sent twice."""

    def __init__(self, vault: TokenVault = NO_VAULT) -> None:
        self._vault = vault
        self._sessions: dict[str, McpSession] = {}

    async def get(self, server: McpServer, secrets: Mapping[str, str]) -> "McpSession":
        """The open session. Raises `FaultError` when the server cannot be reached."""
        key = content_hash([server, dict(secrets)])
        session = self._sessions.get(key)
        if session is None or session.is_over:
            session = self._sessions[key] = McpSession(server, secrets, self._vault)
        await session.opened()
        return session

    async def close(self) -> None:
        """End every session. Commands that do not end by themselves are killed."""
        keepers = [session.stop() for session in self._sessions.values()]
        self._sessions.clear()
        if keepers:
            await asyncio.wait(keepers, timeout=CLOSE_S)


class McpSession:
    """One session, held open by a task of its own: whoever calls through it may be cancelled without harm to it."""

    def __init__(self, server: McpServer, secrets: Mapping[str, str], vault: TokenVault) -> None:
        self._ended = asyncio.Event()
        self._connection: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(server, secrets, vault), name=f"mcp {server.place()}")
        self._listing: tuple[ListedTool, ...] = ()
        self._listed_at_s = float("-inf")

    @property
    def is_over(self) -> bool:
        return self._ended.is_set() or self._keeper.done()

    async def opened(self) -> "Connection":
        """The connection, once it is open. Raises `FaultError`."""
        try:
            async with asyncio.timeout(OPEN_S):
                return await asyncio.shield(self._connection)
        except TimeoutError:
            self.stop()
            raise refused(f"The server did not answer within {OPEN_S:g} seconds.", "timeout") from None

    async def listing(self, max_age_s: float = float("inf")) -> tuple[ListedTool, ...]:
        """The tools of the server, asked again where what is known is older. Raises `FaultError`."""
        if time.monotonic() - self._listed_at_s > max_age_s or self._listed_at_s == float("-inf"):
            asked_at_s, connection = time.monotonic(), await self.opened()
            with self._given_up_when_gone():
                self._listing = await connection.list()
            self._listed_at_s = asked_at_s
        return self._listing

    async def call(
        self, tool: str, arguments: dict[str, Json], time_limit_s: float, listener: Listener = NOBODY_LISTENS
    ) -> Called:
        """One call. Cancelling it tells the server. Raises `FaultError` or `LostAnswerError`."""
        connection = await self.opened()
        try:
            async with asyncio.timeout(time_limit_s) as limit:
                ask = off_the_clock(listener.ask, limit) if listener.ask else None
                call = asyncio.create_task(connection.call(tool, arguments, Listener(listener.on_progress, ask)))
                await _done_or_told(call)
        except TimeoutError:
            raise LostAnswerError("timeout", f"no answer within {time_limit_s:.2g} seconds") from None
        with self._given_up_when_gone():
            return call.result()

    @contextmanager
    def _given_up_when_gone(self) -> Iterator[None]:
        try:
            yield
        except SessionGoneError:
            self.stop()
            raise

    def stop(self) -> "asyncio.Task[None]":
        """Let the session end; the task that is done when it has."""
        self._ended.set()
        if not self._connection.done():
            self._keeper.cancel()
        return self._keeper

    async def _keep(self, server: McpServer, secrets: Mapping[str, str], vault: TokenVault) -> None:
        try:
            library = await asyncio.to_thread(importlib.import_module, "core.clients.mcp.connection")
            await library.keep(server, secrets, vault, self._connection, self._ended)
        finally:
            if not self._connection.done():
                self._connection.set_exception(refused("The session was closed before it was open."))
                self._connection.exception()  # nobody may be waiting for it


async def _done_or_told(call: "asyncio.Task[Called]") -> None:
    """Wait for a call; given up, its server is told so."""
    try:
        await asyncio.wait({call})
    except asyncio.CancelledError:
        call.cancel()
        await asyncio.wait({call}, timeout=CANCEL_S)  # a server that reads nothing would hold it up
        raise
