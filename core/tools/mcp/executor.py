"""Calls of tools of MCP servers."""

import asyncio
import importlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from core.clients.mcp.answer import Called, Listener, OnProgress
from core.clients.mcp.errors import LostAnswerError
from core.clients.mcp.sessions import McpSession, McpSessions
from core.clients.mcp.tokens import TokenVault, kept
from core.domain.canonical import content_hash
from core.domain.question import Ask, PersonSaid, Question
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.domain.tool_source import ListedTool, McpServer, ToolProgress
from core.errors import Fault, FaultError, OutcomeUnknown
from core.tools.mcp.definition import McpTool
from core.tools.mcp.drift import drift_fault
from core.tools.mcp.result import result_of
from core.tools.secrets import Scrubber, SecretSource, looked_up

if TYPE_CHECKING:
    from core.clients.mcp.sign_in import SignIns

OnDrift = Callable[[McpTool, tuple[ListedTool, ...]], None]
"""Told on a thread what a server says now, where a run found that a tool is no longer what was pinned."""

FRESH_S = 5.0
"""How old the server's word may be that a call relies on."""
_SAID_CHARS = 300


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of itself."""

    server_name: str
    tools: tuple[ListedTool, ...]


class McpExecutor:
    """Calls through one session a server; a tool that is no longer what was pinned is not called."""

    def __init__(self, secrets: SecretSource, vault: TokenVault) -> None:
        self._secrets, self._vault = secrets, vault
        self._sign_ins: SignIns | None = None
        self.on_drift: OnDrift = _nobody_hears
        self._sessions = McpSessions(vault)
        self._progress: dict[str, ToolProgress] = {}

    async def call(self, request: ToolRequest) -> ToolResult:
        tool = msgspec.convert(request.tool.definition, McpTool)
        values = await self._values(tool.server)
        scrubber, begun_s = await self._scrubber(tool.server, values), time.monotonic()
        with scrubber.errors():
            session = await self._ready(tool, request, values, scrubber)
            left_s = request.time_limit_s - (time.monotonic() - begun_s)
            with self._watched(request.key, scrubber) as on_progress:
                listener = Listener(on_progress, _scrubbed(request.ask, scrubber))
                called = await _called(session, tool, request, max(left_s, 0.1), listener)
        return await asyncio.to_thread(lambda: scrubber.result(result_of(called)))

    def progress(self, key: str) -> ToolProgress | None:
        """How far the call of this idempotency key is; None: it is not under way here, or its server says nothing."""
        return self._progress.get(key)

    @contextmanager
    def _watched(self, key: str, scrubber: Scrubber) -> Iterator[OnProgress]:
        is_over = False

        def on_progress(progress: ToolProgress) -> None:
            if is_over:  # it was on its way when the answer came
                return
            self._progress[key] = msgspec.structs.replace(
                progress, message=scrubber.text(progress.message)[:_SAID_CHARS]
            )

        try:
            yield on_progress
        finally:
            is_over = True
            self._progress.pop(key, None)

    async def fault(self, tools: Iterable[ToolSpec], *, max_age_s: float) -> Fault | None:
        """Why a run must not go on with these tools: a server does not answer, or says another thing than was pinned.

        What a server said is asked again where it is older than `max_age_s`.
        """
        servers: dict[str, list[McpTool]] = {}
        for spec in tools:
            tool = msgspec.convert(spec.definition, McpTool)
            servers.setdefault(content_hash(tool.server), []).append(tool)
        found = await asyncio.gather(*(self._fault(group, max_age_s) for group in servers.values()))
        return next((fault for fault in found if fault), None)

    async def survey(self, server: McpServer) -> Survey:
        """Ask a server who it is and what it offers. Raises `FaultError`."""
        values = await self._values(server)
        scrubber = await self._scrubber(server, values)
        with scrubber.errors():
            session = await self._sessions.get(server, values)
            tools = await _listing(session, scrubber, max_age_s=0.0)
            return Survey(server_name=(await session.opened()).server_name, tools=tools)

    async def close(self) -> None:
        """End every session."""
        await self._sessions.close()

    async def _fault(self, tools: list[McpTool], max_age_s: float) -> Fault | None:
        server = tools[0].server
        try:
            values = await self._values(server)
            scrubber = await self._scrubber(server, values)
            with scrubber.errors():
                session = await self._sessions.get(server, values)
                listing = await _listing(session, scrubber, max_age_s)
        except FaultError as error:
            said = f"The MCP server {tools[0].source} cannot be used: {error.fault.message}"
            return msgspec.structs.replace(error.fault, message=said)
        faults = ((tool, drift_fault(tool, listing)) for tool in tools)
        tool, fault = next(((tool, fault) for tool, fault in faults if fault), (tools[0], None))
        return await self._drifted(tool, listing, fault) if fault else None

    async def _drifted(self, tool: McpTool, listing: tuple[ListedTool, ...], fault: Fault) -> Fault:
        await asyncio.to_thread(self.on_drift, tool, listing)
        return fault

    async def _ready(
        self, tool: McpTool, request: ToolRequest, values: dict[str, str], scrubber: Scrubber
    ) -> McpSession:
        """The session, when the tool is still what was pinned. Nothing has been called when this raises."""
        try:
            async with asyncio.timeout(request.time_limit_s):
                session = await self._sessions.get(tool.server, values)
                listing = await _listing(session, scrubber, FRESH_S)
        except TimeoutError:
            message = f"{tool.source} was not ready within {request.time_limit_s:g} seconds; nothing was called."
            raise FaultError(Fault("timeout", message)) from None
        if fault := drift_fault(tool, listing):
            raise FaultError(await self._drifted(tool, listing, fault))
        return session

    async def begin_sign_in(self, server: McpServer, redirect_uri: str, who: str) -> str:
        """The address at which a person signs in. Raises `FaultError`."""
        if self._sign_ins is None:
            library = await asyncio.to_thread(importlib.import_module, "core.clients.mcp.sign_in")
            self._sign_ins = self._sign_ins or library.SignIns()
        return await self._sign_ins.begin(server, self._vault, redirect_uri, who)

    async def finish_sign_in(self, state: str, code: str, issuer: str | None, error: str) -> None:
        """A person is back from there. Raises `FaultError`."""
        if self._sign_ins is None:
            raise FaultError(Fault("auth", "No sign-in is under way here. Begin it again."))
        await self._sign_ins.finish(state, code, issuer, error)

    async def _scrubber(self, server: McpServer, values: dict[str, str]) -> Scrubber:
        """Of the secrets that go to a server, tokens of a sign-in included."""
        if not server.oauth:
            return Scrubber(values.items())
        tokens = (await asyncio.to_thread(kept, self._vault, server)).tokens
        names = ("access_token", "refresh_token")
        return Scrubber([*values.items(), *((name, str(tokens[name])) for name in names if name in tokens)])

    async def _values(self, server: McpServer) -> dict[str, str]:
        names = server.secrets()
        return await asyncio.to_thread(looked_up, self._secrets, names) if names else {}


def _scrubbed(ask: Ask | None, scrubber: Scrubber) -> Ask | None:
    """What a server asks is kept and shown: without the values of secrets."""
    if ask is None:
        return None

    async def ask_scrubbed(question: Question) -> PersonSaid:
        return await ask(msgspec.convert(scrubber.value(msgspec.to_builtins(question)), Question))

    return ask_scrubbed


def _nobody_hears(_tool: McpTool, _listing: tuple[ListedTool, ...]) -> None:
    """Until somebody wants to hear of drift."""


async def _listing(session: McpSession, scrubber: Scrubber, max_age_s: float) -> tuple[ListedTool, ...]:
    """Every tool once, without the values of secrets: what a server says of its tools is kept and told to models."""
    said: dict[str, ListedTool] = {}
    for tool in await session.listing(max_age_s):
        said.setdefault(tool.name, tool)
    scrubbed = scrubber.value(msgspec.to_builtins(list(said.values())))
    return msgspec.convert(scrubbed, tuple[ListedTool, ...])


async def _called(
    session: McpSession, tool: McpTool, request: ToolRequest, limit_s: float, listener: Listener
) -> Called:
    try:
        return await session.call(tool.tool, request.arguments, limit_s, listener)
    except LostAnswerError as error:
        message = f"{tool.source}: {error}."
        if request.tool.effect == "read":
            raise FaultError(msgspec.structs.replace(error.fault, message=message)) from None
        raise OutcomeUnknown(message) from None
