"""How long runs, files and the log are kept; what is older goes in the background, and leaves a mark.

Nothing goes unless a person set a limit. Runs that have not ended, that wait for a person, or that an evaluation or a
comparison is made of, stay whatever their age.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.retention import LONGEST_DAYS, SHORTEST_DAYS, Mark, Retention
from core.errors import AryabhattaError
from core.ids import first_id
from core.repositories.attachments import AttachmentRepository
from core.repositories.away import away
from core.repositories.preferences import PreferenceRepository
from core.repositories.removal import Old, RemovalRepository
from core.repositories.security_events import SecurityEventRepository
from core.services.bench import Bench, Expect, Progress
from core.services.log_book import LogBook

_NAME = "retention"
_RUNS_AT_ONCE = 200
_FILES_AT_ONCE = 100
_LOOK_S = 3_600.0
_SLACK = timedelta(minutes=1)
"""How far an id's time may lie before the time that is kept beside it."""
_log = logging.getLogger(__name__)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would go now."""

    runs: int = 0
    """Without those that they called, which go with them."""
    entries: int = 0
    since: datetime | None = None
    kept: int = 0
    """Runs as old as that which stay, because something needs them."""
    log_files: int = 0
    log_bytes: int = 0


class RetentionService:
    """Thread-safe."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self._engine, self._book = engine, LogBook(home)
        self._bench: Bench[int] = Bench("retention")

    def policy(self) -> Retention:
        with UnitOfWork(self._engine) as unit:
            return msgspec.convert(PreferenceRepository(unit.session).get(_NAME), Retention)

    def set(self, policy: Retention, who: str = "") -> Result[Retention]:
        """Keep things that long from now on. What is older goes with the next sweep."""
        for days in (policy.runs_days, policy.log_days):
            if days is not None and not SHORTEST_DAYS <= days <= LONGEST_DAYS:
                return Err("invalid", f"Between {SHORTEST_DAYS} and {LONGEST_DAYS:,} days, or for ever.")
        with UnitOfWork(self._engine) as unit:
            PreferenceRepository(unit.session).put(_NAME, msgspec.to_builtins(policy), who)
            SecurityEventRepository(unit.session).add("retention_set", who, _words(policy))
            unit.commit()
        _log.info("retention set by %r: %s", who, policy)
        return Ok(policy)

    def mark(self, run_id: UUID) -> Mark | None:
        """What stands for a run that was removed; None: it was not."""
        with UnitOfWork(self._engine) as unit:
            return RemovalRepository(unit.session.connection()).mark(run_id)

    def preview(self, policy: Retention) -> Preview:
        """Count what would go, and touch nothing."""
        old = Old(0, 0, None, 0)
        if policy.runs_days is not None:
            with UnitOfWork(self._engine) as unit:
                old = RemovalRepository(unit.session.connection()).count(*_limits(policy.runs_days))
        logs = self._old_logs(policy.log_days)
        sizes = [path.stat().st_size for path in logs]
        return Preview(
            runs=old.runs,
            entries=old.entries,
            since=old.since,
            kept=old.kept,
            log_files=len(logs),
            log_bytes=sum(sizes),
        )

    def sweep(self) -> Iterator[int]:
        """Remove what is too old, batch by batch; how many runs each time. Stops well between any two."""
        policy = self.policy()
        for path in self._old_logs(policy.log_days):
            path.unlink(missing_ok=True)
        if policy.runs_days is None:
            return
        reason, removed = f"kept for {policy.runs_days} days", 0
        while count := self._remove_some(policy.runs_days, reason):
            removed += count
            yield count
        if removed:
            _log.info("%d runs removed: %s", removed, reason)
            self._drop_files(policy.runs_days)

    def begin(self, who: str = "") -> Result[None]:
        """Sweep now, in the background."""
        _log.info("sweep begun by %r", who)
        return self._bench.begin(self._work)

    def progress(self) -> Progress[int]:
        return self._bench.progress

    def close(self) -> None:
        self._bench.close()

    def _work(self, _expect: Expect) -> Iterator[int]:
        yield from self.sweep()

    def _remove_some(self, days: int, reason: str) -> int:
        before, first = _limits(days)
        with UnitOfWork(self._engine) as unit:
            repository = RemovalRepository(unit.session.connection())
            count = repository.remove(before, first, datetime.now(UTC), reason, _RUNS_AT_ONCE)
            unit.commit()
        return count

    def _drop_files(self, days: int) -> None:
        """Attached files that nothing names any more."""
        before, _ = _limits(days)
        with UnitOfWork(self._engine) as unit:
            unused = AttachmentRepository(unit.session.connection()).unused(before)
        for place in range(0, len(unused), _FILES_AT_ONCE):
            with UnitOfWork(self._engine) as unit:
                AttachmentRepository(unit.session.connection()).delete(unused[place : place + _FILES_AT_ONCE])
                unit.commit()

    def _old_logs(self, days: int | None) -> list[Path]:
        if days is None:
            return []
        limit = time.time() - timedelta(days=days).total_seconds()
        return [path for path in self._book.files()[1:] if path.stat().st_mtime < limit]


class RetentionLoop:
    """Sweeps once an hour, in a thread of its own."""

    def __init__(self, sweep: Callable[[], Iterator[int]]) -> None:
        self._sweep = sweep
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Between two batches."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._over.wait(_LOOK_S):
            self._once()

    def _once(self) -> None:
        try:
            for _ in self._sweep():
                if self._over.is_set():
                    return
        except (AryabhattaError, DBAPIError) as error:
            if (unavailable := away(error)) is None:
                raise
            _log.warning("what is too old stays for now: %s", unavailable)


def _limits(days: int) -> tuple[datetime, UUID]:
    before = datetime.now(UTC) - timedelta(days=days)
    return before, first_id(before + _SLACK)


def _words(policy: Retention) -> str:
    runs, log = (f"{days:,} days" if days else "ever" for days in (policy.runs_days, policy.log_days))
    return f"runs for {runs}, the log for {log}"
