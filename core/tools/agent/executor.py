"""Calls of agents: each is a run of its own, begun once, waited for, stopped with the run that called it."""

import asyncio
from typing import Protocol
from uuid import UUID

import msgspec

from core.domain.message import Usage
from core.domain.run import RunStatus
from core.domain.tool import Caller, ToolRequest, ToolResult
from core.errors import Fault, FaultError, OutcomeUnknown
from core.tools.agent.definition import TASK, AgentTool, definition_of, variables_of

DEPTH_LIMIT = 4
"""Runs below the first one that may call each other; it ends agents that call themselves too."""
_STOP_S = 1.2
"""How long a stopped run may take to say what it came to; its caller has to stop within two seconds."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a called run stands. `text`: its answer, or what there is of it; `reason`: why it is no more."""

    status: RunStatus
    text: str = ""
    reason: str = ""
    usage: Usage | None = None
    calls: int = 0


class CalledRuns(Protocol):
    """Runs that are tool calls. All but `rest` block."""

    def begin(self, caller: Caller, agent: AgentTool, message: str, variables: dict[str, str]) -> UUID:
        """The one run of this call, begun now or before. Raises `FaultError` when there can be none."""

    async def rest(self, run_id: UUID) -> None:
        """Wait until it has ended."""

    def outcome(self, run_id: UUID) -> Outcome: ...

    def is_stopped(self, run_id: UUID) -> bool:
        """Whether somebody stopped this run, which calls others."""

    def stop(self, run_id: UUID, reason: str) -> None: ...


class AgentExecutor:
    """Runs agents as tools."""

    def __init__(self, runs: CalledRuns) -> None:
        self._runs = runs

    async def call(self, request: ToolRequest) -> ToolResult:
        caller = request.caller
        if caller is None:
            raise FaultError(Fault("unsupported", "An agent can only be called by a run."))
        if caller.depth >= DEPTH_LIMIT:
            return ToolResult(f"Agents call each other at most {DEPTH_LIMIT} deep. Answer yourself.", is_error=True)
        message, variables = str(request.arguments[TASK]), variables_of(request.arguments)
        agent = definition_of(request.tool)
        called = await asyncio.to_thread(self._runs.begin, caller, agent, message, variables)
        try:
            async with asyncio.timeout(max(0.1, request.time_limit_s - _STOP_S)):
                await self._runs.rest(called)
        except TimeoutError:
            await asyncio.to_thread(self._runs.stop, called, "The time that its caller had for it is over.")
            return await self._stopped(called)
        except asyncio.CancelledError:
            # A process that ends lets go of both runs: whoever takes up the one finds the other by its key.
            if not await asyncio.to_thread(self._runs.is_stopped, caller.run_id):
                raise
            return await self._stopped(called)
        return await self._result(called)

    async def _stopped(self, called: UUID) -> ToolResult:
        """What the run came to. Raises `OutcomeUnknown` when it does not end in time."""
        try:
            async with asyncio.timeout(_STOP_S):
                await self._runs.rest(called)
        except TimeoutError:
            raise OutcomeUnknown("The agent was told to stop and has not ended yet; its run says more.") from None
        return await self._result(called)

    async def _result(self, called: UUID) -> ToolResult:
        outcome = await asyncio.to_thread(self._runs.outcome, called)
        is_done = outcome.status == "done"
        said = outcome.text if is_done else f"{outcome.reason} {outcome.text}".strip()
        return ToolResult(
            said or "(the agent said nothing)",
            is_error=not is_done,
            data={"run_id": str(called), "status": outcome.status},
            usage=outcome.usage,
            inner_calls=outcome.calls,
        )
