"""Runs: start, watch, stop, read. A run never lives in a page; it lives in its journal."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import AgentSpec
from core.domain.event import Cancelled, Claimed, Created, Event, Fact
from core.domain.frames import Frame, TextFrame
from core.domain.journal import Partial
from core.domain.message import Message, ToolCall
from core.domain.result import Err, Ok, Result
from core.domain.run import ENDED, Run, RunSpec, RunStatus
from core.domain.run_query import RunFilter, RunTotals
from core.domain.state import RunState
from core.domain.tool import ToolSpec
from core.engine.feed import Feed
from core.engine.state import fold
from core.engine.transcript import conversation
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService, StoredFile, Taken
from core.services.run_row import clean, run_row
from core.services.run_spec import Chosen, SpecBuilder, StartRun, guarded
from core.services.run_watch import RESTING, RunWatch
from core.services.sent_request import Sent, sent_request

__all__ = ["RunService", "RunView", "Sent", "StartRun"]

Runs = list[Run]
Events = list[Event]
INPUT_LIMIT_CHARS = 1_000_000


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a screen draws it: its row, what its journal adds up to, and the text of the answer under way."""

    run: Run
    state: RunState
    events: list[Event]
    partial: Partial | None = None


Views = list[RunView]
Frames = list[Frame]


class Executor(Protocol):
    """The worker of this process, where it has one."""

    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None: ...

    def tell(self, run_id: UUID) -> None: ...


class RunService:
    """Everything a person or a command does with runs."""

    def __init__(
        self,
        engine: Engine,
        specs: SpecBuilder,
        feed: Feed,
        executor: Executor,
        owner: str,
        attachments: AttachmentService,
        *,
        lease_s: float,
        code: str,
        executes: bool = True,
    ) -> None:
        self._engine, self._specs, self._feed, self._executor = engine, specs, feed, executor
        self._attachments = attachments
        self._owner, self._lease_s, self._code, self._executes = owner, lease_s, code, executes

    def start(self, start: StartRun) -> Result[Run]:
        """Freeze the spec, record the run and its claim in one transaction, and begin."""
        if start.run_id is not None and (known := self.get(start.run_id)):
            return Ok(known)
        taken = self._attachments.take(start.files, start.attachments)
        if isinstance(taken, Err):
            return taken
        if problem := _input_problem(start.input, has_files=bool(taken.value.attachments)):
            return problem
        chosen = self._specs.choose(start)
        if isinstance(chosen, Err):
            return chosen
        history = self._history(start)
        if isinstance(history, Err):
            return history
        return self._begin(start, chosen.value, taken.value, *history.value)

    def _begin(
        self, start: StartRun, chosen: Chosen, taken: Taken, parent_id: UUID | None, messages: tuple[Message, ...]
    ) -> Result[Run]:
        spec = self._specs.freeze(chosen.spec, start.variables, messages, taken.attachments)
        if isinstance(spec, Err):
            return spec
        frozen = self._with_approvals(guarded(spec.value, start), start.conversation_id)
        run = _named(run_row(start, chosen, frozen, parent_id, self._owner), taken)
        created = Created(
            spec=frozen,
            input=clean(start.input),
            attachments=taken.attachments,
            recorded=start.recorded,
            batch_id=start.batch_id,
        )
        return Ok(self._record(run, created, taken.new))

    def _with_approvals(self, spec: RunSpec, conversation_id: UUID | None) -> RunSpec:
        """Tools that a person approved for the rest of this conversation need not ask, unless they changed since."""
        if conversation_id is None or all(tool.policy != "ask" for tool in spec.tools):
            return spec
        with UnitOfWork(self._engine) as unit:
            approvals = JournalRepository(unit.session.connection()).approvals(conversation_id)
        approved = {(approval.tool, approval.schema_hash) for approval in approvals}
        tools = tuple(
            msgspec.structs.replace(tool, policy="allow")
            if tool.policy == "ask" and (tool.name, tool.schema_hash()) in approved
            else tool
            for tool in spec.tools
        )
        return msgspec.structs.replace(spec, tools=tools)

    def test_tool(self, name: str, arguments_json: str, who: str = "") -> Result[Run]:
        """One call of one tool, recorded like any other, without a model."""
        spec = self._specs.only_tool(name)
        return spec if isinstance(spec, Err) else self.try_tool(spec.value.tools[0], arguments_json, who)

    def try_tool(self, tool: ToolSpec, arguments_json: str, who: str = "") -> Result[Run]:
        """The same with a tool that need not be in the catalogue, such as one that is being written."""
        spec = RunSpec(tools=(tool,))
        start = StartRun(input=f"{tool.name} {arguments_json}", kind="test", who=who)
        chosen = Chosen(agent=None, spec=AgentSpec(), revision=None)
        call = ToolCall(id="byhand001", name=tool.name, arguments=clean(arguments_json))
        run = run_row(start, chosen, spec, None, self._owner)
        return Ok(self._record(run, Created(spec=spec, input=clean(start.input), calls=(call,))))

    def _record(self, run: Run, created: Created, files: Sequence[StoredFile] = ()) -> Run:
        """Claimed by this process in the same transaction, or queued for those that execute."""
        claims = self._executes and run.batch_id is None
        facts: tuple[Fact, ...] = (created, Claimed(by=self._owner, code=self._code))
        if not claims:
            run = msgspec.structs.replace(run, status="queued", epoch=0, lease_owner=None)
            facts = (created,)
        with UnitOfWork(self._engine) as unit:
            self._attachments.keep(unit.session.connection(), files, run.created_by)
            events = JournalRepository(unit.session.connection()).create(run, facts, self._lease_s)
            unit.commit()
        if claims:
            self._executor.submit(run.id, events)
        return run

    def _history(self, start: StartRun) -> Result[tuple[UUID | None, tuple[Message, ...]]]:
        """The run this input replies to, and every message before it along its branch."""
        with UnitOfWork(self._engine) as unit:
            parent = _parent(RunRepository(unit.session), start)
            if parent is None:
                return Ok((None, ()))
            if parent.status not in ENDED:
                return Err("conflict", "The last answer is not finished yet. Wait for it or stop it first.")
            state = fold(JournalRepository(unit.session.connection()).read(parent.id))
        return Ok((parent.id, (*state.spec.history, *conversation(state))))

    def cancel(self, run_id: UUID, who: str = "", reason: str = "") -> Result[Run]:
        """Ask a run to stop, and every run that it calls. What it was doing ends within two seconds; a run that has ended stays as it is."""
        with UnitOfWork(self._engine) as unit:
            JournalRepository(unit.session.connection()).write_outside(
                run_id, lambda events: _cancellation(events, who, reason)
            )
            called = RunRepository(unit.session).called_by(run_id)
            unit.commit()
        for one in called:
            if one.status not in ENDED:
                self.cancel(one.id, who, reason)
        run = self.get(run_id)
        if run is None:
            return Err("not_found", "There is no such run.")
        if run.status in ENDED:
            return Ok(run)
        self._executor.tell(run_id)
        if self._executes:
            self._executor.submit(run_id)  # nobody may be driving it: then this worker writes its end
        return Ok(run)

    def resume(self, run_id: UUID, who: str = "") -> Result[Run]:  # noqa: ARG002 (who resumed is the claim's worker)
        """Go on from the journal, unless a living worker has the run already."""
        run = self.get(run_id)
        if run is None:
            return Err("not_found", "There is no such run.")
        if run.status not in ENDED and self._executes:
            self._executor.submit(run_id)
        return Ok(run)

    def get(self, run_id: UUID) -> Run | None:
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).get(run_id)

    def list(self, query: RunFilter | None = None, before: UUID | None = None, limit: int = 50) -> Runs:
        """Newest first; `before` is the id of the last run of the page before."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).list(query or RunFilter(), before, limit)

    def totals(self, query: RunFilter | None = None) -> RunTotals:
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).totals(query or RunFilter())

    def events(self, run_id: UUID, after: int = -1) -> Events:
        """The journal's entries behind `after`."""
        with UnitOfWork(self._engine) as unit:
            return JournalRepository(unit.session.connection()).read(run_id, after)

    def view(self, run_id: UUID) -> RunView | None:
        """A run as a screen draws it, or None when there is no such run."""
        return next(iter(self.views([run_id])), None)

    def views(self, run_ids: Iterable[UUID]) -> Views:
        """The same for many, in the order given; unknown ids are left out."""
        wanted = list(run_ids)
        with UnitOfWork(self._engine, snapshot=True) as unit:  # else a run that ends in between is shown as live
            runs = RunRepository(unit.session).some(wanted)
            journals = JournalRepository(unit.session.connection()).read_many(wanted)
        return [
            RunView(run=runs[one], state=fold(journals[one]), events=journals[one], partial=self._under_way(runs[one]))
            for one in wanted
            if one in runs and one in journals
        ]

    def sent(self, run_id: UUID, step: int, attempt: int | None = None) -> Result[Sent]:
        """The request of a model step (default: its last attempt), rebuilt from the journal and checked."""
        events = self.events(run_id)
        if not events:
            return Err("not_found", "There is no such run.")
        state = fold(events)
        return sent_request(state, events, self._attachments.of_runs([state]), step, attempt)

    def stream(self, run_id: UUID, after: int = -1) -> Iterator[Event | TextFrame]:
        """Follow a run to its rest: entries and text as they come, blocking in between."""
        return self._watch(run_id, after).blocking()

    def follow(self, run_id: UUID, after: int = -1) -> AsyncIterator[Frames]:
        """The same for a browser, on its server's event loop, at most 25 times a second."""
        return self._watch(run_id, after).frames()

    def wait(self, run_id: UUID, timeout_s: float) -> Run | None:
        """Block until the run rests or the time is up; the run as it stands then."""
        deadline = datetime.now(UTC).timestamp() + timeout_s
        with self._feed.watch(run_id) as watch:
            while (run := self.get(run_id)) is not None and run.status not in RESTING:
                left_s = deadline - datetime.now(UTC).timestamp()
                if left_s <= 0:
                    break
                watch.news_blocking(min(left_s, 1.0))
        return run

    def _watch(self, run_id: UUID, after: int) -> RunWatch:
        return RunWatch(run_id, after, self._feed, self._status, self.events, self._partial)

    def _status(self, run_id: UUID) -> RunStatus | None:
        run = self.get(run_id)
        return run.status if run else None

    def _under_way(self, run: Run) -> Partial | None:
        return None if run.status == "done" else self._partial(run.id)

    def _partial(self, run_id: UUID) -> Partial | None:
        """The text under way: from this process's feed, else from the last checkpoint."""
        live = self._feed.text(run_id)
        if live is not None:
            text = "".join(part.text for part in live.parts)
            reasoning = "".join(part.reasoning for part in live.parts)
            return Partial(
                effect=live.effect, attempt=live.attempt, text=text, reasoning=reasoning, waiting=live.waiting
            )
        with UnitOfWork(self._engine) as unit:
            return JournalRepository(unit.session.connection()).partial(run_id)


def _parent(runs: RunRepository, start: StartRun) -> Run | None:
    if start.parent_run_id is not None:
        return runs.get(start.parent_run_id)
    if start.conversation_id is None or start.from_start:
        return None
    return next(iter(runs.list(RunFilter(conversation_id=start.conversation_id), limit=1)), None)


def _named(run: Run, taken: Taken) -> Run:
    """A message of nothing but files is called by their names in lists."""
    names = ", ".join(one.name for one in taken.attachments)
    return run if run.input.strip() else msgspec.structs.replace(run, input=names)


def _input_problem(text: str, *, has_files: bool) -> Err | None:
    if not text.strip() and not has_files:
        return Err("invalid", "Write a message first.", "input")
    if len(text) > INPUT_LIMIT_CHARS:
        return Err("invalid", f"The message is longer than {INPUT_LIMIT_CHARS:,} characters.", "input")
    return None


def _cancellation(events: list[Event], who: str, reason: str) -> Fact | None:
    state = fold(events)
    return None if state.cancelled or state.ended else Cancelled(who=who, reason=reason)
