"""Where a decided call becomes an act: every kind of tool behind one door."""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from core.clients.mcp.tokens import NO_VAULT, TokenVault
from core.clients.outbound import Outbound
from core.clients.patience import off_the_clock
from core.domain.tool import ToolKind, ToolRequest, ToolResult, ToolSpec
from core.domain.tool_source import McpServer, ToolProgress
from core.errors import Fault, FaultError, OutcomeUnknown
from core.tools.builtin.catalogue import catalogue
from core.tools.builtin.executor import BuiltinExecutor
from core.tools.executor import Executor
from core.tools.http_request.executor import HttpExecutor
from core.tools.mcp.executor import FRESH_S, McpExecutor, OnDrift, Survey
from core.tools.notebook import NotebookStore
from core.tools.python.executor import PythonExecutor
from core.tools.secrets import SecretSource

GRACE_S = 0.5
"""An executor that keeps its own time knows what its call had come to; it has the first word."""


class Toolbox:
    """The built-in tools, and the execution of any tool's calls. `executors` adds or replaces kinds."""

    def __init__(
        self,
        outbound: Outbound,
        notebook: NotebookStore,
        secrets: SecretSource,
        executors: Mapping[ToolKind, Executor] | None = None,
        vault: TokenVault = NO_VAULT,
    ) -> None:
        self._builtin = BuiltinExecutor(outbound, notebook)
        self._mcp = McpExecutor(secrets, vault)
        requests = HttpExecutor(outbound, secrets)
        self._executors: dict[ToolKind, Executor] = {
            "builtin": self._builtin,
            "http": requests,
            "openapi": requests,
            "mcp": self._mcp,
            "python": PythonExecutor(),
            **(executors or {}),
        }

    def serve(self, kind: ToolKind, executor: Executor) -> None:
        """From now on calls of this kind go there: for what itself needs the runs that call."""
        self._executors[kind] = executor

    def specs(self) -> tuple[ToolSpec, ...]:
        """The built-in tools."""
        return tuple(builtin.spec() for builtin in catalogue().values())

    def get(self, name: str) -> ToolSpec | None:
        """The built-in tool of this name."""
        builtin = catalogue().get(name)
        return None if builtin is None else builtin.spec()

    async def call(self, request: ToolRequest) -> ToolResult:
        """Carry out one call; errors that the tool itself tells are results.

        Raises `FaultError` when nothing happened or it failed cleanly, `OutcomeUnknown` when it may have
        happened. Cancelling the task stops the call.
        """
        executor = self._executors.get(request.tool.kind)
        if executor is None:
            raise FaultError(Fault("unsupported", f"Tools of the kind {request.tool.kind!r} cannot be called here."))
        try:
            async with asyncio.timeout(request.time_limit_s + GRACE_S) as limit:
                ask = off_the_clock(request.ask, limit) if request.ask else None
                return await executor.call(msgspec.structs.replace(request, ask=ask))
        except TimeoutError:
            raise _too_late(request) from None

    async def check(self, request: ToolRequest) -> ToolResult | None:
        """What became of a call by its tool's own status check: its result, or None when it did not happen.

        Raises `FaultError` when that cannot be told.
        """
        executor = self._executors.get(request.tool.kind)
        if not isinstance(executor, HttpExecutor):
            raise FaultError(Fault("unsupported", f"Tools of the kind {request.tool.kind!r} have no status check."))
        try:
            async with asyncio.timeout(request.time_limit_s + GRACE_S):
                return await executor.check(request)
        except TimeoutError:
            message = f"The status check took longer than {request.time_limit_s:g} seconds."
            raise FaultError(Fault("timeout", message)) from None

    async def fault(self, tools: Iterable[ToolSpec], *, is_first: bool) -> Fault | None:
        """Why a run must not go on with these tools, as far as others define them; None: all are as they were pinned.

        `is_first`: the run begins, and what the servers said a moment ago does not count.
        """
        pinned = [tool for tool in tools if tool.kind == "mcp"]
        return await self._mcp.fault(pinned, max_age_s=0.0 if is_first else FRESH_S) if pinned else None

    async def survey(self, server: McpServer) -> Survey:
        """What an MCP server offers now. Raises `FaultError`."""
        return await self._mcp.survey(server)

    async def begin_sign_in(self, server: McpServer, redirect_uri: str, who: str) -> str:
        """The address at which a person signs in to an MCP server. Raises `FaultError`."""
        return await self._mcp.begin_sign_in(server, redirect_uri, who)

    async def finish_sign_in(self, state: str, code: str, issuer: str | None, error: str) -> None:
        """A person is back from there. Raises `FaultError`."""
        await self._mcp.finish_sign_in(state, code, issuer, error)

    def on_drift(self, hear: OnDrift) -> None:
        """Have what a run found of a server that says another thing than was pinned."""
        self._mcp.on_drift = hear

    def progress(self, key: str) -> ToolProgress | None:
        """How far the call of this idempotency key is, where a server tells it. From any thread."""
        return self._mcp.progress(key)

    async def hang_up(self) -> None:
        """End what is held open on the event loop that called the tools."""
        await self._mcp.close()

    def close(self) -> None:
        """Give back the threads."""
        self._builtin.close()


def _too_late(request: ToolRequest) -> FaultError | OutcomeUnknown:
    message = f"{request.tool.name} took longer than {request.time_limit_s:g} seconds."
    if request.tool.effect == "write":
        return OutcomeUnknown(message)
    return FaultError(Fault("timeout", message))
