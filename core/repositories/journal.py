"""The journal: `runs` and `run_events` together, since fencing is one statement over both.

It is the one repository of two tables. Every append names its epoch and its place; the database
refuses an old epoch and a taken place, so two writers can never both win.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import accumulate, groupby
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection, RowMapping

from core.domain.chain import seal
from core.domain.event import Answered, Claimed, Event, Fact, attempt_of, decode, effect_of, encode, kind_of
from core.domain.journal import Batch, Orphan, Partial
from core.domain.run import Run
from core.repositories import journal_sql as sql

Written = Literal["written", "moved", "fenced"]
CHANNEL = "aryabhatta_runs"
"""NOTIFY channel; the payload is the id of a run whose journal was written to from outside its worker."""
_PREPARED = "append_to_journal"
OUTPUT_LIMIT_CHARS = 4_000
"""How much of an answer the run's row keeps for lists; the whole text is in the journal."""


class StoredEntry(NamedTuple):
    """One row of `run_events`, its body as the exact text."""

    seq: int
    epoch: int
    body: str
    at: datetime
    hash: bytes
    named_as: tuple[str, str | None, int | None]
    """The columns beside the body, by which constraints and queries know it: kind, effect, attempt."""


class JournalRepository:
    """Over one connection. `append` and `checkpoint` want it in autocommit, the rest inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, run: Run, facts: Sequence[Fact], lease_s: float = 0.0) -> list[Event]:
        """The run's row and its first entries. A run created as running is claimed by its `lease_owner`."""
        epochs = list(accumulate(int(isinstance(fact, Claimed)) for fact in facts))
        events = _sealed(run.id, 0, b"", list(zip(facts, epochs, strict=True)), run.created_at)
        row = msgspec.structs.asdict(run) | {
            "input": storable(run.input),
            "tags": list(run.tags),
            "owner": run.lease_owner,
            "lease_s": lease_s if run.lease_owner else None,
            "next_seq": len(events),
            "head": events[-1].hash,
            "events": _text([_written_event(event) for event in events]),
        }
        self._execute(sql.CREATE_WITH_EVENTS, row)
        if run.status == "queued":
            self._tell(run.id)
        return events

    def may_call(self, run_id: UUID) -> bool:
        """Whether a run goes on. Until this transaction ends nobody can cancel it: what it calls is known to who does."""
        if self._execute(sql.LOCK, {"run_id": run_id}).one_or_none() is None:
            return False
        return not self._execute(sql.IS_OVER, {"run_id": run_id}).scalar_one()

    def take_in(self, run: Run, events: Sequence[Event], bodies: Sequence[str]) -> None:
        """A run that ended elsewhere, its entries with the exact texts and hashes they have there."""
        row = msgspec.structs.asdict(run) | {"owner": None, "lease_s": None, "tags": list(run.tags)}
        row |= {"caller_run_id": None, "caller_effect": ""}  # the run that called it stayed where it was
        self._execute(sql.CREATE, row | {"next_seq": len(events), "head": events[-1].hash})
        end = {"id": run.id, "ended_at": run.ended_at, "output": run.output, "error": run.error_kind}
        self._execute(sql.TAKE_IN, end | {"totals": msgspec.json.encode(run.totals).decode()})
        for event, body in zip(events, bodies, strict=True):
            self._execute(sql.INSERT_EVENT, _event_row(event) | {"body": body})

    def append(self, owner: str, batches: Sequence[Batch]) -> dict[UUID, Written]:
        """Write the batches of many runs in one statement and one commit; each wins or loses by itself.

        Past SQLAlchemy, whose part would be half of the work: raises psycopg2's own errors.
        """
        if not self._connection.info.get(_PREPARED):
            self._connection.exec_driver_sql(sql.PREPARE_APPEND)
            self._connection.info[_PREPARED] = True
        with closing(self._connection.connection.cursor()) as cursor:
            cursor.execute(sql.APPEND, _documents(owner, batches))
            done = {row[0] for row in cursor.fetchall()}
        missed = [batch for batch in batches if batch.run_id not in done]
        ours = self._still_ours(owner, missed) if missed else set()
        lost: dict[UUID, Written] = {b.run_id: "moved" if b.run_id in ours else "fenced" for b in missed}
        return lost | dict.fromkeys(done, "written")

    def _still_ours(self, owner: str, batches: Sequence[Batch]) -> set[UUID]:
        values = {"owner": owner, "run_ids": [str(b.run_id) for b in batches], "epochs": [b.epoch for b in batches]}
        return {row[0] for row in self._execute(sql.STILL_OURS, values)}

    def checkpoint(self, owner: str, partials: Sequence[tuple[UUID, int, Partial]]) -> None:
        """Keep the text streamed so far of runs (run, epoch, text) that this worker still owns."""
        self._execute(
            sql.CHECKPOINT,
            {
                "owner": owner,
                "run_ids": [str(run_id) for run_id, _, _ in partials],
                "epochs": [epoch for _, epoch, _ in partials],
                "partials": [msgspec.json.encode(partial).decode() for _, _, partial in partials],
            },
        )

    def claim(self, run_id: UUID, owner: str, code: str, lease_s: float) -> list[Event] | None:
        """Begin a new epoch and return the whole journal; None when the run rests or a living worker has it.

        A run that waits is queued by the person's word it waits for.
        """
        row = self._execute(sql.LOCK, {"run_id": run_id}).mappings().one_or_none()
        if row is None or not _is_free(row):
            return None
        claimed = Claimed(by=owner, code=code)
        (event,) = _sealed(run_id, row["next_seq"], bytes(row["head"]), [(claimed, row["epoch"] + 1)], _now())
        values = {"epoch": event.epoch, "owner": owner, "lease_s": lease_s, "next_seq": event.seq + 1}
        self._execute(sql.CLAIM, values | {"head": event.hash, "run_id": run_id})
        self._execute(sql.INSERT_EVENT, _event_row(event))
        return self.read(run_id)

    def write_outside(self, run_id: UUID, make: Callable[[list[Event]], Fact | None]) -> Event | None:
        """Append a person's fact to a run that may be running elsewhere; one that waited is queued to go on.

        `make` sees the journal under the run's lock and returns the fact, or None to write nothing.
        """
        row = self._execute(sql.LOCK, {"run_id": run_id}).mappings().one_or_none()
        fact = make(self.read(run_id)) if row is not None else None
        if row is None or fact is None:
            return None
        (event,) = _sealed(run_id, row["next_seq"], bytes(row["head"]), [(fact, row["epoch"])], _now())
        self._execute(sql.INSERT_EVENT, _event_row(event))
        self._execute(sql.ADVANCE, {"next_seq": event.seq + 1, "head": event.hash, "run_id": run_id})
        self._tell(run_id)
        return event

    def hold(self, batch_id: UUID, *, held: bool) -> int:
        """Keep a batch's queued runs from being taken up, or let them go; how many that changed."""
        changed: int = self._execute(sql.HOLD, {"batch_id": batch_id, "held": held}).rowcount
        if changed and not held:
            self._tell(batch_id)
        return changed

    def let_go_on(self, run_id: UUID) -> None:
        """Let a held run be taken up, and those that its calls began."""
        if self._execute(sql.LET_GO_ON, {"run_id": run_id}).rowcount:
            self._tell(run_id)

    def set_aside(self, *, held: bool) -> int:
        """Take every run that is under way from whoever executed it; how many there are.

        `held`: nobody takes them up before a person says so.
        """
        changed: int = self._execute(sql.SET_ASIDE, {"held": held}).rowcount
        return changed

    def _tell(self, run_id: UUID) -> None:
        """Workers hear of the run when this transaction commits. Any other id makes them look at the queue."""
        self._execute("SELECT pg_notify(%(channel)s, %(run)s)", {"channel": CHANNEL, "run": str(run_id)})

    def read(self, run_id: UUID, after: int = -1) -> list[Event]:
        """The journal's entries behind `after`, in order."""
        rows = self._execute(sql.READ, {"run_id": run_id, "after": after})
        return [_event(run_id, *row) for row in rows]

    def read_many(self, run_ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        """The whole journals of many runs in one query; unknown ids are left out."""
        rows = self._execute(sql.READ_MANY, {"run_ids": [str(one) for one in run_ids]})
        return {
            run_id: [_event(run_id, *row[1:]) for row in entries]
            for run_id, entries in groupby(rows, key=lambda row: UUID(str(row[0])))
        }

    def stored(self, run_id: UUID) -> list[StoredEntry]:
        """The entries as they are stored, to be checked against their hashes."""
        rows = self._execute(sql.STORED, {"run_id": run_id})
        return [
            StoredEntry(seq, epoch, body, at.astimezone(UTC), bytes(digest), tuple(names))
            for seq, epoch, body, at, digest, *names in rows
        ]

    def head(self, run_id: UUID) -> tuple[int, bytes] | None:
        """What the run's row says of its journal: the number of entries and the last one's hash. None: no such run."""
        row = self._execute("SELECT next_seq, head FROM runs WHERE id = %(id)s", {"id": run_id}).one_or_none()
        return None if row is None else (row[0], bytes(row[1]))

    def approvals(self, conversation_id: UUID) -> list[Answered]:
        """What people approved for the rest of a conversation."""
        rows = self._execute(sql.APPROVALS, {"conversation_id": conversation_id})
        facts = [decode(row[0]) for row in rows]
        return [fact for fact in facts if isinstance(fact, Answered) and fact.scope == "conversation"]

    def partial(self, run_id: UUID) -> Partial | None:
        """The last checkpoint of streamed text."""
        value = self._execute("SELECT partial FROM runs WHERE id = %(id)s", {"id": run_id}).scalar_one_or_none()
        return msgspec.convert(value, Partial) if value else None

    def renew(self, owner: str, lease_s: float, run_ids: Sequence[UUID]) -> set[UUID]:
        """Extend the leases of the runs that a worker really drives; others of its runs shall run out.

        Those of them that are still its own.
        """
        values = {"owner": owner, "lease_s": lease_s, "run_ids": [str(one) for one in run_ids]}
        return {row[0] for row in self._execute(sql.RENEW, values)} if run_ids else set()

    def release(self, owner: str) -> None:
        """Let go of all runs of a worker that stops in order; they can be claimed at once."""
        self._execute(sql.RELEASE, {"owner": owner})

    def expire(self, owners: Sequence[str]) -> None:
        """End the leases of workers that are known to be gone."""
        self._execute(sql.EXPIRE, {"owners": list(owners)})

    def orphans(self, limit: int = 100) -> list[Orphan]:
        """Runs that nobody executes: those that people wait for, then those with an expired lease, then the queue."""
        return [Orphan(*row) for row in self._execute(sql.ORPHANS, {"limit": limit})]

    def _execute(self, statement: str, values: dict[str, Any]) -> Any:
        return self._connection.exec_driver_sql(statement, values)


def storable(value: str) -> str:
    """`value` as Postgres text can hold it: U+0000 becomes U+FFFD."""
    return value.replace("\x00", "�")


def _is_free(row: RowMapping) -> bool:
    """Whether a worker may claim the run that has this row."""
    match row["status"]:
        case "queued":
            return not row["held"]
        case "running":
            return bool(row["expired"])
        case _:
            return False


def names_of(body: str) -> tuple[str, str | None, int | None]:
    """What the columns beside an entry have to say: kind, effect, attempt."""
    fact = decode(body)
    return kind_of(fact), effect_of(fact), attempt_of(fact)


def _event(run_id: UUID, seq: int, epoch: int, body: str, at: datetime, digest: memoryview) -> Event:
    return Event(run_id=run_id, seq=seq, epoch=epoch, at=at.astimezone(UTC), fact=decode(body), hash=bytes(digest))


def _now() -> datetime:
    return datetime.now(UTC)


def _sealed(run_id: UUID, seq: int, head: bytes, facts: Sequence[tuple[Fact, int]], at: datetime) -> list[Event]:
    events: list[Event] = []
    for place, (fact, epoch) in enumerate(facts, start=seq):
        events.append(seal(run_id, place, epoch, at, fact, events[-1].hash if events else head))
    return events


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "seq": event.seq,
        "epoch": event.epoch,
        "kind": kind_of(event.fact),
        "effect": effect_of(event.fact),
        "attempt": attempt_of(event.fact),
        "body": encode(event.fact).decode(),
        "at": event.at,
        "hash": event.hash,
    }


def _documents(owner: str, batches: Sequence[Batch]) -> dict[str, str]:
    runs = [_moved_run(batch) for batch in batches]
    events = [_written_event(event) for batch in batches for event in batch.events]
    return {"owner": owner, "runs": _text(runs), "events": _text(events)}


def _moved_run(batch: Batch) -> dict[str, Any]:
    return {
        "run_id": batch.run_id,
        "epoch": batch.epoch,
        "first_seq": batch.first_seq,
        "next_seq": batch.first_seq + len(batch.events),
        "head": _hex(batch.head),
        "status": batch.status,
        "totals": _text(batch.totals) if batch.totals else None,
        "output": None if batch.output is None else storable(batch.output[:OUTPUT_LIMIT_CHARS]),
        "error_kind": batch.error.kind if batch.error else None,
    }


def _written_event(event: Event) -> dict[str, Any]:
    return _event_row(event) | {"hash": _hex(event.hash)}


def _hex(digest: bytes) -> str:
    """Bytes as Postgres reads them from a text."""
    return f"\\x{digest.hex()}"


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
