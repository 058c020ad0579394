"""The places of a run at which its process may die: before and after each commit, request and call."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from core.domain.event import Event, effect_of, kind_of
from core.domain.journal import Batch, Partial
from core.domain.model_call import Delta, ModelRequest, Reply
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.engine.ports import Journal, Model, Ports, Tools
from core.errors import Fault

Reached = Callable[[str], None]
"""Told the name of each boundary when the run comes to it, before anything else happens."""


def with_boundaries(ports: Ports, reached: Reached) -> Ports:
    """The same ports, telling of every boundary that is crossed through them."""
    return msgspec.structs.replace(
        ports,
        journal=_JournalAt(ports.journal, reached),
        model=_ModelAt(ports.model, reached),
        tools=_ToolsAt(ports.tools, reached),
    )


class _JournalAt:
    def __init__(self, journal: Journal, reached: Reached) -> None:
        self._journal, self._reached = journal, reached

    async def append(self, batch: Batch) -> None:
        what = ", ".join(map(_named, batch.events)) or str(batch.status)
        self._reached(f"before commit {what}")
        await self._journal.append(batch)
        self._reached(f"after commit {what}")

    async def read(self, run_id: UUID) -> list[Event]:
        return await self._journal.read(run_id)

    async def partial(self, run_id: UUID) -> Partial | None:
        return await self._journal.partial(run_id)

    def checkpoint(self, run_id: UUID, epoch: int, partial: Partial) -> None:
        self._journal.checkpoint(run_id, epoch, partial)


class _ModelAt:
    def __init__(self, model: Model, reached: Reached) -> None:
        self._model, self._reached = model, reached

    async def ask(self, request: ModelRequest, on_delta: Callable[[Delta], None]) -> Reply:
        effect = request.key.rpartition("/")[2]
        is_first = True

        def seen(delta: Delta) -> None:
            nonlocal is_first
            on_delta(delta)
            if is_first:
                is_first = False
                self._reached(f"inside request {effect}")

        self._reached(f"before request {effect}")
        reply = await self._model.ask(request, seen)
        self._reached(f"after request {effect}")
        return reply


class _ToolsAt:
    def __init__(self, tools: Tools, reached: Reached) -> None:
        self._tools, self._reached = tools, reached

    async def call(self, request: ToolRequest) -> ToolResult:
        effect = request.key.rpartition("/")[2]
        self._reached(f"before call {effect}")
        result = await self._tools.call(request)
        self._reached(f"after call {effect}")
        return result

    async def check(self, request: ToolRequest) -> ToolResult | None:
        effect = request.key.rpartition("/")[2]
        self._reached(f"before check {effect}")
        found = await self._tools.check(request)
        self._reached(f"after check {effect}")
        return found

    async def fault(self, tools: Sequence[ToolSpec], *, is_first: bool) -> Fault | None:
        return await self._tools.fault(tools, is_first=is_first)


def _named(event: Event) -> str:
    return f"{kind_of(event.fact)} {effect_of(event.fact) or ''}".rstrip()
