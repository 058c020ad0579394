"""Runs: start, watch, stop, read. A run never lives in a page; it lives in its journal."""

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.db.unit import UnitOfWork
from core.domain.agent import AgentSpec
from core.domain.attachment import Upload
from core.domain.event import Cancelled, Claimed, Created, Event, Fact
from core.domain.message import Message, ToolCall
from core.domain.result import Err, Ok, Result
from core.domain.run import ENDED, Run, RunSpec
from core.domain.run_query import RunFilter
from core.domain.tool import ToolSpec
from core.engine.feed import Feed
from core.engine.state import fold
from core.engine.transcript import conversation
from core.repositories.conversations import ConversationRepository
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService, StoredFile, Taken
from core.services.run_reading import RunReading, RunView
from core.services.run_row import clean, run_row
from core.services.run_spec import Chosen, SpecBuilder, StartRun, guarded
from core.services.sent_request import Sent

__all__ = ["RunService", "RunView", "Sent", "StartRun"]

INPUT_LIMIT_CHARS = 1_000_000
Beside = Callable[[Session, UUID], Err | None]
"""What is written together with a new run, or why there must not be one."""


class Executor(Protocol):
    """The worker of this process, where it has one."""

    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None: ...

    def tell(self, run_id: UUID) -> None: ...


class RunService(RunReading):
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
        super().__init__(engine, feed, attachments)
        self._specs, self._executor = specs, executor
        self._owner, self._lease_s, self._code, self._executes = owner, lease_s, code, executes

    def start(self, start: StartRun, beside: Beside | None = None) -> Result[Run]:
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
        return self._begin(start, chosen.value, taken.value, *history.value, beside)

    def _begin(
        self,
        start: StartRun,
        chosen: Chosen,
        taken: Taken,
        parent_id: UUID | None,
        messages: tuple[Message, ...],
        beside: Beside | None,
    ) -> Result[Run]:
        if self._specs.looks_with_tools(chosen.spec, taken.attachments):
            taken = self._attachments.told(taken)
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
        return self._record(run, created, (*start.earlier_files, *taken.new), beside)

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

    def test_tool(self, name: str, arguments_json: str, who: str = "", files: Sequence[Upload] = ()) -> Result[Run]:
        """One call of one tool, recorded like any other, without a model."""
        spec = self._specs.only_tool(name)
        return spec if isinstance(spec, Err) else self.try_tool(spec.value.tools[0], arguments_json, who, files)

    def try_tool(self, tool: ToolSpec, arguments_json: str, who: str = "", files: Sequence[Upload] = ()) -> Result[Run]:
        """The same with a tool that need not be in the catalogue, such as one that is being written.

        `files` are those that its arguments name.
        """
        taken = self._attachments.take(files)
        if isinstance(taken, Err):
            return taken
        spec = RunSpec(tools=(tool,))
        start = StartRun(input=f"{tool.name} {arguments_json}", kind="test", who=who)
        chosen = Chosen(agent=None, spec=AgentSpec(), revision=None)
        call = ToolCall(id="byhand001", name=tool.name, arguments=clean(arguments_json))
        run = run_row(start, chosen, spec, None, self._owner)
        created = Created(spec=spec, input=clean(start.input), attachments=taken.value.attachments, calls=(call,))
        return self._record(run, created, taken.value.new)

    def _record(
        self, run: Run, created: Created, files: Sequence[StoredFile] = (), beside: Beside | None = None
    ) -> Result[Run]:
        """Claimed by this process in the same transaction, or queued for those that execute."""
        claims = self._executes and run.batch_id is None
        facts: tuple[Fact, ...] = (created, Claimed(by=self._owner, code=self._code))
        if not claims:
            run = msgspec.structs.replace(run, status="queued", epoch=0, lease_owner=None)
            facts = (created,)
        with UnitOfWork(self._engine) as unit:
            self._attachments.keep(unit.session.connection(), files, run.created_by)
            events = JournalRepository(unit.session.connection()).create(run, facts, self._lease_s)
            if beside is not None and (refused := beside(unit.session, run.id)):
                return refused
            if run.conversation_id is not None:
                ConversationRepository(unit.session).update(run.conversation_id)  # the newest of its list now
            unit.commit()
        if claims:
            self._executor.submit(run.id, events)
        return Ok(run)

    def _history(self, start: StartRun) -> Result[tuple[UUID | None, tuple[Message, ...]]]:
        """The run this input replies to, and every message before it along its branch."""
        if start.parent_run_id is None and start.conversation_id is None:
            return Ok((None, start.earlier))
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
        """Go on from the journal, unless a living worker has the run already. One that a restore held is held no more."""
        run = self.get(run_id)
        if run is None:
            return Err("not_found", "There is no such run.")
        if run.held and run.batch_id is None:
            with UnitOfWork(self._engine) as unit:
                JournalRepository(unit.session.connection()).let_go_on(run_id)
                unit.commit()
        if run.status not in ENDED and self._executes:
            self._executor.submit(run_id)
        return Ok(run)


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
