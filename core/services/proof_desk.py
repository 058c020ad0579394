"""Proofs of the whole workspace that take their time: begun by a button, they go on in the background of the process.

Whoever looks sees how far they are; a page that is loaded again finds them where they stand.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec

from core.domain.result import Err, Ok, Result
from core.errors import AryabhattaError
from core.services.drill import Points
from core.services.drill_verdict import DrillRow
from core.services.proofs import Audit

T = TypeVar("T")

_STOP_LIMIT_S = 10.0
_log = logging.getLogger(__name__)


class Progress(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """How far a proof is."""

    found: tuple[T, ...] = ()
    """What it found so far, in order."""
    expected: int = 0
    """How many there will be; 0: nobody knows yet."""
    began_at: datetime | None = None
    """None: it was never begun in this process."""
    is_running: bool = False
    is_stopped: bool = False
    """Somebody stopped it before its end."""
    trouble: str = ""
    """Why it ended before its end, in words."""


Expect = Callable[[int], None]


class _Bench(Generic[T]):
    """One proof at a time, in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._progress: Progress[T] = Progress()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def progress(self) -> Progress[T]:
        return self._progress

    def begin(self, work: Callable[[Expect], Iterator[T]]) -> Result[None]:
        with self._lock:
            if self._progress.is_running:
                return Err("conflict", "It is running already.")
            self._is_over.clear()
            self._progress = Progress(began_at=datetime.now(UTC), is_running=True)
            self._thread = threading.Thread(target=self._work, args=(work,), name=self._name, daemon=True)
            self._thread.start()
        return Ok(None)

    def stop(self) -> None:
        """After what it is at right now."""
        self._is_over.set()

    def close(self) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join(_STOP_LIMIT_S)

    def _work(self, work: Callable[[Expect], Iterator[T]]) -> None:
        trouble = "This program failed; the log says where."
        try:
            self._collect(work(lambda expected: self._change(expected=expected)))
            trouble = ""
        except AryabhattaError as error:
            _log.error("%s: %s", self._name, error)
            trouble = str(error)
        finally:
            self._change(is_running=False, is_stopped=self._is_over.is_set(), trouble=trouble)

    def _collect(self, rows: Iterator[T]) -> None:
        for row in rows:
            self._change(found=(*self._progress.found, row))
            if self._is_over.is_set():
                return

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._progress = msgspec.structs.replace(self._progress, **changes)


class ProofDesk:
    """The crash drill and the check of all journals. Thread-safe."""

    def __init__(
        self, drill: Callable[[Points, Expect], Iterator[DrillRow]], audits: Callable[[Expect], Iterator[Audit]]
    ) -> None:
        self._rows, self._audits = drill, audits
        self._drill: _Bench[DrillRow] = _Bench("crash-drill")
        self._check: _Bench[Audit] = _Bench("journal-check")

    def begin_drill(self, points: Points, who: str = "") -> Result[None]:
        _log.info("crash drill (%s) begun by %r", points, who)
        return self._drill.begin(lambda expect: self._rows(points, expect))

    def stop_drill(self) -> None:
        """After the kill that it is at right now."""
        self._drill.stop()

    def drill(self) -> Progress[DrillRow]:
        return self._drill.progress

    def begin_check(self) -> Result[None]:
        return self._check.begin(self._audits)

    def check(self) -> Progress[Audit]:
        """The last of what was found is the sum of all."""
        return self._check.progress

    def close(self) -> None:
        """Stop what runs."""
        self._drill.stop()
        self._check.close()
        self._drill.close()
