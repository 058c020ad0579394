"""The engine's ports in memory, for tests without a database: the journal keeps the same rules as the real one."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from core.domain.attachment import Contents
from core.domain.chain import seal
from core.domain.endpoint import Endpoint
from core.domain.event import Claimed, Created, Event, Fact, Recorded
from core.domain.journal import Batch, Partial
from core.domain.message import ToolCall, Usage
from core.domain.model_call import Delta, ModelRequest, Reply
from core.domain.run import RunSpec, RunStatus
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.engine.drive import Drive
from core.engine.feed import Feed
from core.engine.ports import Ports
from core.errors import Fault, FaultError, Fenced, Moved
from core.ids import new_id

START = datetime(2026, 1, 1, tzinfo=UTC)

ADD = ToolSpec(
    name="add",
    description="Add two integers.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)
SEND = msgspec.structs.replace(ADD, name="send", description="Send it.", effect="write", repeat="never")
BOOK = msgspec.structs.replace(ADD, name="book", description="Book it.", effect="write", repeat="key")
ORDER = msgspec.structs.replace(
    ADD, name="order", description="Order it.", effect="write", repeat="check", time_limit_s=0.02
)


def call(name: str, place: int = 0, arguments: str = '{"a": 1, "b": 2}') -> ToolCall:
    return ToolCall(id=f"call{place:05}", name=name, arguments=arguments)


def spec(*tools: ToolSpec, **changes: object) -> RunSpec:
    return RunSpec(endpoint=Endpoint(name="scripted", kind="openai"), model="m", tools=tools, **changes)


class MemoryJournal:
    """One run's journal with the database's rules: epochs fence, places conflict, only the owner appends."""

    def __init__(
        self,
        run_spec: RunSpec,
        text: str = "hello",
        calls: tuple[ToolCall, ...] = (),
        recorded: tuple[Recorded, ...] = (),
    ) -> None:
        self.run_id: UUID = new_id()
        self.events: list[Event] = []
        self.status: RunStatus = "queued"
        self.epoch = 0
        self.kept: Partial | None = None
        self.clock = START
        self.commits = 0
        self.files: dict[str, bytes] = {}
        self.after_commit: Callable[[int], None] = lambda commit: None
        self._write(Created(spec=run_spec, input=text, calls=calls, recorded=recorded))

    def now(self) -> datetime:
        self.clock += timedelta(milliseconds=1)
        return self.clock

    def claim(self) -> list[Event]:
        self.epoch, self.status = self.epoch + 1, "running"
        self._write(Claimed(by=f"worker-{self.epoch}"))
        return list(self.events)

    def write_outside(self, fact: Fact) -> None:
        self._write(fact)

    async def append(self, batch: Batch) -> None:
        await asyncio.sleep(0)
        if batch.epoch != self.epoch or self.status != "running":
            raise Fenced
        if batch.first_seq != len(self.events):
            raise Moved
        self.events.extend(batch.events)
        if batch.status:
            self.status = batch.status
        self.commits += 1
        self.after_commit(self.commits)

    async def read(self, run_id: UUID) -> list[Event]:
        return list(self.events)

    async def partial(self, run_id: UUID) -> Partial | None:
        return self.kept

    async def contents(self, hashes: Collection[str]) -> Contents:
        return {sha256: self.files[sha256] for sha256 in hashes}

    def checkpoint(self, run_id: UUID, epoch: int, partial: Partial) -> None:
        self.kept = partial

    def _write(self, fact: Fact) -> None:
        head = self.events[-1].hash if self.events else b""
        self.events.append(seal(self.run_id, len(self.events), self.epoch, self.now(), fact, head))


class PlannedModel:
    """Answers by the number of steps that the request's messages hold already: the same request, the same answer."""

    def __init__(self, *replies: Reply | Callable[[], Reply], pause: asyncio.Event | None = None) -> None:
        self.replies = replies
        self.requests: list[dict[str, object]] = []
        self.pause = pause

    async def ask(self, request: ModelRequest, on_delta: Callable[[Delta], None]) -> Reply:
        body = msgspec.json.decode(request.body)
        self.requests.append(body)
        reply = self.replies[sum(message["role"] == "assistant" for message in body["messages"])]
        reply = reply() if callable(reply) else reply
        on_delta(Delta(text=reply.text))
        if self.pause is not None:
            await self.pause.wait()
        await asyncio.sleep(0)
        return reply


class CountingTools:
    """Executes by adding and counts how often each key was really run."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.happened: set[str] = set()
        """Keys of the calls that had their effect; a status check knows no more."""
        self.looked_up: list[str] = []
        self.silent: Fault | None = None
        """Why the status check cannot say anything."""
        self.running = 0
        self.completed = 0
        self.most_at_once = 0
        self.hold: asyncio.Event | None = None
        self.raises: Exception | None = None
        self.after_effect: Callable[[int], None] = lambda effects: None
        self.drifted: Fault | None = None

    async def fault(self, tools: Sequence[ToolSpec], *, is_first: bool) -> Fault | None:
        return self.drifted

    async def call(self, request: ToolRequest) -> ToolResult:
        self.ran.append((request.tool.name, request.key))
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0)
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.running -= 1
        if self.raises is not None:
            raise self.raises
        self.completed += 1
        self.happened.add(request.key)
        self.after_effect(self.completed)
        return ToolResult(text=str(request.arguments["a"] + request.arguments["b"]))

    async def check(self, request: ToolRequest) -> ToolResult | None:
        self.looked_up.append(request.key)
        await asyncio.sleep(0)
        if self.hold is not None:
            await self.hold.wait()
        if self.silent is not None:
            raise FaultError(self.silent)
        return ToolResult(text="ordered") if request.key in self.happened else None


def ports(journal: MemoryJournal, model: PlannedModel, tools: CountingTools, feed: Feed | None = None) -> Ports:
    return Ports(
        journal=journal,
        model=model,
        tools=tools,
        observer=feed or Feed(),
        now=journal.now,
        holds_lease=lambda: True,
    )


def asks(*calls: ToolCall, text: str = "") -> Reply:
    return Reply(text=text, calls=calls, finish_reason="tool_calls", usage=Usage(10, 5, 15))


def says(text: str) -> Reply:
    return Reply(text=text, finish_reason="stop", usage=Usage(10, 5, 15))


async def drive(journal: MemoryJournal, model: PlannedModel, tools: CountingTools) -> RunStatus | None:
    return await Drive(journal.claim(), ports(journal, model, tools)).run()


def kinds(events: Sequence[Event]) -> list[str]:
    return [f"{event.kind} {getattr(event.fact, 'effect', '')}".strip() for event in events]
