"""Work of the whole workspace that takes its time: begun by a button, it goes on in the background of the process.

Whoever looks sees how far it is; a page that is loaded again finds it where it stands.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec

from core.domain.result import Err, Ok, Result
from core.errors import AryabhattaError

T = TypeVar("T")
Expect = Callable[[int], None]
"""Tells how many there will be."""

_STOP_LIMIT_S = 10.0
_log = logging.getLogger(__name__)


class Progress(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """How far it is."""

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


class Bench(Generic[T]):
    """One piece of work at a time, in a thread of its own."""

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
