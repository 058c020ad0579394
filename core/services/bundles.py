"""A run as a file: everything that happened, entry by entry with its hashes, without secrets (none is ever in it)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.chain import entry_hash
from core.domain.event import Event, decode
from core.domain.result import Err, Ok, Result
from core.domain.run import ENDED, Run
from core.engine.state import fold
from core.engine.transcript import files_at_hand
from core.repositories.journal import JournalRepository
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService, StoredFile
from core.services.file_check import stored_files

SIZE_LIMIT_BYTES = 200_000_000


class Entry(msgspec.Struct, frozen=True):
    """One row of the journal; `body` is its exact text, `hash` hexadecimal."""

    seq: int
    epoch: int
    at: datetime
    body: str
    hash: str


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    format: Literal["aryabhatta-run-1"] = "aryabhatta-run-1"
    run: Run
    entries: tuple[Entry, ...]
    files: dict[str, bytes] = {}
    """Attachments, and the texts made of them, by SHA-256; base64 in the file."""


class BundleService:
    """Out and in. What comes in is checked against its own hashes first."""

    def __init__(self, engine: Engine, attachments: AttachmentService) -> None:
        self._engine, self._attachments = engine, attachments

    def export(self, run_id: UUID) -> Result[bytes]:
        """The bundle as JSON text, UTF-8."""
        with UnitOfWork(self._engine) as unit:
            run = RunRepository(unit.session).get(run_id)
            entries = JournalRepository(unit.session.connection()).stored(run_id)
        if run is None:
            return Err("not_found", "There is no such run.")
        written = tuple(Entry(e.seq, e.epoch, e.at, e.body, e.hash.hex()) for e in entries)
        files = dict(self._attachments.of_runs([fold([_event(run_id, entry) for entry in written])]))
        return Ok(msgspec.json.format(msgspec.json.encode(Bundle(run=run, entries=written, files=files)), indent=1))

    def take_in(self, data: bytes) -> Result[Run]:
        """Add the run of a bundle under its own id, without the agent and the conversation it had elsewhere."""
        if len(data) > SIZE_LIMIT_BYTES:
            return Err("invalid", f"The bundle is larger than {SIZE_LIMIT_BYTES // 1_000_000} MB.")
        try:
            bundle = msgspec.json.decode(data, type=Bundle)
            events = [_event(bundle.run.id, entry) for entry in bundle.entries]
        except (msgspec.DecodeError, ValueError) as error:
            return Err("invalid", f"This is not a bundle of a run: {error}.")
        if bundle.run.status not in ENDED:
            return Err("invalid", "The run has not ended; only ended runs can be taken in.")
        if (place := _first_wrong(bundle)) is not None:
            return Err("invalid", f"Entry {place} is not what its hash says: the bundle was changed.")
        if (problem := _row_problem(bundle.run, events)) is not None:
            return Err("invalid", f"The bundle was changed: {problem}.")
        files = stored_files(files_at_hand(fold(events)), bundle.files)
        if isinstance(files, Err):
            return files
        return self._store(bundle.run, events, [entry.body for entry in bundle.entries], files.value)

    def _store(self, run: Run, events: list[Event], bodies: list[str], files: tuple[StoredFile, ...]) -> Result[Run]:
        elsewhere = dict.fromkeys(("agent_id", "conversation_id", "parent_run_id", "batch_id", "lease_owner"))
        kept = msgspec.structs.replace(run, **elsewhere, held=False)
        with UnitOfWork(self._engine) as unit:
            if RunRepository(unit.session).get(run.id) is not None:
                return Err("conflict", f"The run {run.id} is here already.")
            self._attachments.keep(unit.session.connection(), files, run.created_by)
            JournalRepository(unit.session.connection()).take_in(kept, events, bodies)
            unit.commit()
        return Ok(kept)


def _event(run_id: UUID, entry: Entry) -> Event:
    fact = decode(entry.body)
    return Event(
        run_id=run_id, seq=entry.seq, epoch=entry.epoch, at=entry.at, fact=fact, hash=bytes.fromhex(entry.hash)
    )


def _row_problem(run: Run, events: list[Event]) -> str | None:
    """What the row of the run says that its journal does not: the row has no hash of its own."""
    try:
        state = fold(events)
    except ValueError as error:
        return str(error)
    if state.ended is None or state.ended.status != run.status:
        return f"its journal does not say that the run is {run.status}"
    told = (run.input, run.output, run.error_kind, run.model)
    kind = state.ended.error.kind if state.ended.error else None
    if told != (state.input[: len(run.input)], state.ended.output[: len(run.output)], kind, state.spec.model):
        return "its journal says something else than its list entry"
    return None


def _first_wrong(bundle: Bundle) -> int | None:
    head = b""
    for place, entry in enumerate(bundle.entries):
        digest = entry_hash(bundle.run.id, entry.seq, entry.epoch, entry.at, entry.body.encode(), head)
        if entry.seq != place or digest.hex() != entry.hash:
            return place
        head = digest
    return None if bundle.entries else 0
