"""Our loop: over a journal that is a list, and as the product runs it, every entry durable in Postgres."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID

from raw import PARAMETERS, PROMPT, QUESTION, OnToken

from core import ids
from core.clients.chat.client import ChatClient
from core.db.embedded import leave_postgres
from core.db.engine import create_engine, database_url
from core.db.migrate import migrate
from core.domain.agent import Agent, AgentSpec, Limits, Revision
from core.domain.chain import seal
from core.domain.endpoint import Endpoint
from core.domain.event import Claimed, Created, Ended, Event
from core.domain.journal import Batch, Partial
from core.domain.model_call import Delta
from core.domain.model_info import ModelList
from core.domain.result import Ok
from core.domain.run import RunSpec
from core.domain.serving import Pin, pinned
from core.domain.tool import ToolChoice, ToolRequest, ToolResult, ToolSpec
from core.engine.drive import Drive
from core.engine.feed import Feed
from core.engine.ports import Ports
from core.engine.worker import Worker
from core.engine.writer import GroupWriter
from core.repositories.claims import Claims
from core.repositories.journal_store import JournalStore
from core.repositories.presence import Presence
from core.services.attachments import AttachmentService
from core.services.endpoint_choice import Choice
from core.services.run_spec import SpecBuilder, StartRun
from core.services.runs import RunService
from core.settings import Settings

ADD = ToolSpec(name="add", description="Add two numbers.", parameters=PARAMETERS)
LIMITS = Limits(steps=10_000, calls=10_000)
OWNER = "benchmark"


class Adder:
    async def call(self, request: ToolRequest) -> ToolResult:
        return ToolResult(text=str(request.arguments["a"] + request.arguments["b"]))

    async def fault(self, _tools: object, *, is_first: bool) -> None:
        """They are always what was pinned."""


class WatchedFeed(Feed):
    """The feed of the product, and beside it what every loop here does with a token."""

    def __init__(self) -> None:
        super().__init__()
        self.on_token: OnToken = len
        self.ended: dict[UUID, asyncio.Future[None] | None] = {}
        """Runs that somebody waits for; None: it ended before anybody did."""

    def delta(self, run_id: UUID, effect: str, attempt: int, delta: Delta) -> None:
        super().delta(run_id, effect, attempt, delta)
        if delta.text:
            self.on_token(delta.text)

    def recorded(self, run_id: UUID, events: Sequence[Event]) -> None:
        super().recorded(run_id, events)
        if not events or not isinstance(events[-1].fact, Ended):
            return
        assert events[-1].fact.status == "done", events[-1].fact
        if ended := self.ended.setdefault(run_id, None):
            ended.get_loop().call_soon_threadsafe(ended.set_result, None)

    async def end_of(self, run_id: UUID) -> None:
        ended = self.ended.setdefault(run_id, asyncio.get_running_loop().create_future())
        if ended is not None:
            await ended
        del self.ended[run_id]


class MemoryJournal:
    """Keeps nothing beyond the process."""

    async def append(self, batch: Batch) -> None:
        """It is durable enough for a benchmark of the rest."""

    async def read(self, run_id: UUID) -> list[Event]:
        raise NotImplementedError(run_id)

    async def partial(self, run_id: UUID) -> Partial | None:
        raise NotImplementedError(run_id)

    def checkpoint(self, run_id: UUID, epoch: int, partial: Partial) -> None:
        """Nobody will ask for it."""


def now() -> datetime:
    return datetime.now(UTC)


def chat_client() -> ChatClient:
    return ChatClient(credentials=lambda _: None, addresses=lambda endpoint: endpoint.base_url)


class MemoryLoop:
    """Drive, decide, fold, hash chain, chat client: everything but the database."""

    async def __aenter__(self) -> Self:
        self.feed, self.chat = WatchedFeed(), chat_client()
        self.ports = Ports(
            journal=MemoryJournal(),
            model=self.chat,
            tools=Adder(),
            observer=self.feed,
            now=now,
            holds_lease=lambda: True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.chat.close()

    def point(self, base_url: str) -> None:
        endpoint = Endpoint(name="scripted", kind="openai", base_url=base_url)
        self.spec = RunSpec(instructions=PROMPT, endpoint=endpoint, model="scripted", tools=(ADD,), limits=LIMITS)

    async def run(self, on_token: OnToken) -> None:
        run_id = ids.new_id()
        self.feed.on_token = on_token
        created = seal(run_id, 0, 0, now(), Created(spec=self.spec, input=QUESTION), b"")
        claimed = seal(run_id, 1, 1, now(), Claimed(by=OWNER), created.hash)
        assert await Drive([created, claimed], self.ports).run() == "done"
        self.feed.left(run_id)
        del self.feed.ended[run_id]


class Sources:
    """Agents, endpoints and tools, as small as they can be."""

    def __init__(self) -> None:
        self.endpoint = Endpoint(name="scripted", kind="openai", model="scripted")

    def choose(self, name: str = "") -> Choice:
        return Choice(self.endpoint, name)

    def get(self, name: str) -> Endpoint | None:
        return self.endpoint if name == self.endpoint.name else None

    def pin(self, endpoint: Endpoint, model: str, wanted: str) -> Pin:
        return pinned(endpoint, model, wanted, ModelList)

    def supports_tools(self, endpoint: Endpoint) -> bool | None:
        return True if endpoint == self.endpoint else None


class NoAgents:
    def get(self, agent_id: UUID) -> Agent | None:
        raise NotImplementedError(agent_id)

    def live_spec(self, agent: Agent) -> AgentSpec:
        raise NotImplementedError(agent)

    def revision(self, agent_id: UUID, number: int) -> Revision | None:
        raise NotImplementedError(agent_id, number)


class OneTool:
    def get(self, name: str) -> ToolSpec | None:
        return ADD if name == ADD.name else None


class DurableLoop:
    """The product: started by the run service, driven by the worker, journaled in the embedded Postgres."""

    async def __aenter__(self) -> Self:
        self.stack = AsyncExitStack()
        home = self._home()
        settings = Settings(home=home)
        self.engine = create_engine(database_url(settings))
        self.stack.callback(leave_postgres, home)
        self.stack.callback(self.engine.dispose)
        migrate(self.engine)
        self.feed, self.sources = WatchedFeed(), Sources()
        self.worker = self._worker()
        specs = SpecBuilder(NoAgents(), self.sources, OneTool())
        self.runs = RunService(
            self.engine,
            specs,
            self.feed,
            self.worker,
            OWNER,
            AttachmentService(self.engine),
            lease_s=15,
            code="benchmark",
        )
        self.spec = AgentSpec(instructions=PROMPT, tools=(ToolChoice("add"),), limits=LIMITS)
        return self

    def _home(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True)
        home = Path(self.stack.enter_context(folder))
        home.chmod(0o711)  # as root the server runs as another account, which has to pass
        return home

    def _worker(self) -> Worker:
        chat, writer = chat_client(), GroupWriter(JournalStore(self.engine, OWNER))
        claims, presence = Claims(self.engine, OWNER, "benchmark", 15), Presence(self.engine, OWNER)
        worker = Worker(claims, presence, writer, self.feed, lease_s=15, adopt=0)
        ports = Ports(
            journal=writer, model=chat, tools=Adder(), observer=self.feed, now=now, holds_lease=worker.holds_lease
        )
        worker.start(ports)
        self.stack.callback(worker.stop, chat.close)
        return worker

    async def __aexit__(self, *_: object) -> None:
        await self.stack.aclose()

    def point(self, base_url: str) -> None:
        self.sources.endpoint = Endpoint(name="scripted", kind="openai", base_url=base_url, model="scripted")

    async def run(self, on_token: OnToken) -> None:
        self.feed.on_token = on_token
        started = self.runs.start(StartRun(input=QUESTION, spec=self.spec, kind="cli"))
        assert isinstance(started, Ok), started
        await self.feed.end_of(started.value.id)
