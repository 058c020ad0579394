"""What can be proven of a run afterwards: its chain, its replay, its differences from another; and branching off."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core import ids
from core.db.unit import UnitOfWork
from core.domain.attachment import Attachment, whole
from core.domain.chain import entry_hash
from core.domain.event import Claimed, Created, Event, Finished, decode
from core.domain.message import attached
from core.domain.result import Err, Ok, Result
from core.domain.retention import Mark, mark_hash
from core.domain.run import WAITED_FOR, Run
from core.domain.run_diff import RunDiff, run_diff
from core.domain.run_query import RunFilter
from core.engine.fork import fork_facts
from core.engine.replay import Verdict, replay
from core.engine.state import fold
from core.repositories.journal import JournalRepository, StoredEntry, names_of
from core.repositories.removal import RemovalRepository
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService

_PAGE = 200


class Break(msgspec.Struct, frozen=True):
    """The first entry that is not what its hash says, or a row that does not fit its journal."""

    run_id: UUID
    seq: int
    what: str


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    runs: int
    entries: int
    removed: int = 0
    """Runs that were removed as a whole: of each its mark is proven."""
    first_break: Break | None = None


class Submits(Protocol):
    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None: ...


class ProofService:
    """Reads journals; `fork` alone begins something."""

    def __init__(
        self,
        engine: Engine,
        executor: Submits,
        owner: str,
        attachments: AttachmentService,
        *,
        lease_s: float,
        code: str,
        executes: bool = True,
    ) -> None:
        self._engine, self._executor, self._attachments = engine, executor, attachments
        self._executes = executes
        self._owner, self._lease_s, self._code = owner, lease_s, code

    def verify(self, run_id: UUID | None = None) -> Result[Audit]:
        """Recompute the hashes of one run, or of all, over the exact text that is stored."""
        if run_id is not None:
            entries, broken = self._verify(run_id)
            if not entries and not broken:
                return Err("not_found", self._why_not(run_id))
            return Ok(Audit(runs=1, entries=entries, first_break=broken))
        *_, whole = self.audits()
        return Ok(whole)

    def audits(self, expect: Callable[[int], None] = lambda _: None) -> Iterator[Audit]:
        """The check of all runs, as far as it is: after each page of them, and at the first break. At least one.

        `expect` is told how many there will be.
        """
        with UnitOfWork(self._engine) as unit:
            expect(RunRepository(unit.session).count() // _PAGE + 1)
        audit = Audit(runs=0, entries=0)
        before: UUID | None = None
        while page := self._page(before):
            for run in page:
                count, broken = self._verify(run.id)
                before = run.id
                audit = Audit(runs=audit.runs + 1, entries=audit.entries + count, first_break=broken)
                if broken:
                    yield audit
                    return
            yield audit
        yield self._with_marks(audit)

    def _with_marks(self, audit: Audit) -> Audit:
        """The check of the marks that removed runs left: none is missing, none was changed, no run went in part."""
        head, number = b"", 0
        while marks := self._marks(after=number):
            for mark in marks:
                number += 1
                if mark.number != number or mark.hash != mark_hash(mark, head):
                    wrong = Break(mark.run_id, mark.entries, "the mark of its removal is not what its hash says")
                    return msgspec.structs.replace(audit, removed=number, first_break=wrong)
                head = mark.hash
        with UnitOfWork(self._engine) as unit:
            half = RemovalRepository(unit.session.connection()).half_removed()
        broken = Break(half, 0, "it is marked as removed, and is still there") if half else None
        return msgspec.structs.replace(audit, removed=number, first_break=broken)

    def _why_not(self, run_id: UUID) -> str:
        with UnitOfWork(self._engine) as unit:
            mark = RemovalRepository(unit.session.connection()).mark(run_id)
        return f"There is no such run. {mark.words}" if mark else "There is no such run."

    def _marks(self, after: int) -> list[Mark]:
        with UnitOfWork(self._engine) as unit:
            return RemovalRepository(unit.session.connection()).marks(after)

    def replay(self, run_id: UUID) -> Result[Verdict]:
        """Decide every entry again from the journal alone."""
        events = self._events(run_id)
        if not events:
            return Err("not_found", "There is no such run.")
        return Ok(replay(events, self._attachments.of_requests([fold(events[:1])])))

    def diff(self, a: UUID, b: UUID) -> Result[RunDiff]:
        """Where two runs begin to differ."""
        left, right = self._events(a), self._events(b)
        if not left or not right:
            return Err("not_found", f"There is no run {b if left else a}.")
        return Ok(run_diff(fold(left), fold(right)))

    def fork(self, run_id: UUID, step: int, who: str, new_input: str = "") -> Result[Run]:
        """A new run that takes over the steps before `step` and asks the model again from there."""
        with UnitOfWork(self._engine) as unit:
            origin = RunRepository(unit.session).get(run_id)
            journal = JournalRepository(unit.session.connection())
            events = journal.read(run_id)
            if origin is None or not events:
                return Err("not_found", "There is no such run.")
            try:
                created, facts = fork_facts(fold(events), step, new_input)
            except ValueError as error:
                return Err("invalid", f"It cannot branch off there: {error}.", "step")
            run = _branch(origin, created.input, who, self._owner if self._executes else None)
            claimed = (Claimed(by=self._owner, code=self._code),) if self._executes else ()
            begun = journal.create(run, (created, *claimed, *facts), self._lease_s)
            unit.commit()
        if self._executes:
            self._executor.submit(run.id, begun)
        return Ok(run)

    def _verify(self, run_id: UUID) -> tuple[int, Break | None]:
        with UnitOfWork(self._engine, snapshot=True) as unit:  # else a run that goes on meanwhile looks cut off
            journal = JournalRepository(unit.session.connection())
            entries = journal.stored(run_id)
            row = journal.head(run_id)
        found = _first_break(run_id, entries, row) if row else None
        if found is None and entries:
            found = _missing_file(run_id, entries, self._attachments.missing)
        return len(entries), found

    def _events(self, run_id: UUID) -> list[Event]:
        with UnitOfWork(self._engine) as unit:
            return JournalRepository(unit.session.connection()).read(run_id)

    def _page(self, before: UUID | None) -> list[Run]:
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).list(RunFilter(), before, _PAGE)


def _missing_file(run_id: UUID, entries: list[StoredEntry], missing: Callable[[set[str]], set[str]]) -> Break | None:
    """The bytes of files are bound to their names by the database; what can happen is that they are gone."""
    files = [(entry.seq, one) for entry in entries for one in _files(entry)]
    gone = missing(whole(one for _, one in files)) if files else set()
    for seq, one in files:
        if {one.sha256, one.given_sha256} & gone:
            return Break(run_id, seq, f"the file {one.name} is not stored any more")
    return None


def _files(entry: StoredEntry) -> Sequence[Attachment]:
    """The files that an entry names: those of messages stand in the first, those of tools in their results."""
    match decode(entry.body):
        case Created() as created:
            return attached(created.spec.history, created.attachments)
        case Finished(files=files):
            return files
        case _:
            return ()


def _first_break(run_id: UUID, entries: list[StoredEntry], row: tuple[int, bytes]) -> Break | None:
    head = b""
    for place, entry in enumerate(entries):
        if entry.seq != place:
            return Break(run_id, place, "an entry is missing")
        if entry_hash(run_id, entry.seq, entry.epoch, entry.at, entry.body.encode(), head) != entry.hash:
            return Break(run_id, entry.seq, "the entry is not what its hash says")
        if entry.named_as != names_of(entry.body):
            return Break(run_id, entry.seq, "the columns beside the entry name another kind, effect or attempt")
        head = entry.hash
    if row != (len(entries), head):
        return Break(run_id, len(entries), "entries at the end are missing: the run's row names another last hash")
    return None


def _branch(origin: Run, text: str, who: str, owner: str | None) -> Run:
    return Run(
        id=ids.new_id(),
        kind=origin.kind,
        status="running" if owner else "queued",
        conversation_id=origin.conversation_id,
        parent_run_id=origin.parent_run_id,
        agent_id=origin.agent_id,
        agent_name=origin.agent_name,
        revision=origin.revision,
        model=origin.model,
        endpoint=origin.endpoint,
        input=text[:4_000],
        tags=origin.tags,
        created_by=who,
        created_at=datetime.now(UTC),
        epoch=1 if owner else 0,
        lease_owner=owner,
        priority=WAITED_FOR,
    )
