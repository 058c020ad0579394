"""Work that waits in the database, done on a thread of its own whenever there may be some."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from core.errors import Unavailable

_PATIENCE_S: Final = 2.0
_log = logging.getLogger(__name__)


class Background:
    """`work` does everything that is to be done; it looks at `is_closed` between two pieces. Thread-safe.

    An error of its own code ends the thread and is seen; the next call of `wake` begins another.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name, self._work = name, work
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()
        self.is_closed = False

    def wake(self) -> None:
        """There may be something to do. Returns at once."""
        with self._lock:
            self._wanted.set()
            if self.is_closed or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Begin nothing more. A piece that is under way for longer is left: nothing of it is kept, and it waits again."""
        with self._lock:
            self.is_closed = True
            self._wanted.set()
            thread = self._thread
        if thread is not None:
            thread.join(_PATIENCE_S)

    def _run(self) -> None:
        while self._wanted.wait() and not self.is_closed:
            self._wanted.clear()
            try:
                self._work()
            except Unavailable as error:
                _log.warning("%s: waits, %s", self._name, error)
