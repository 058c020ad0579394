"""Work that waits in the database, done on a thread of its own whenever there may be some."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from core.errors import Unavailable


class Background:
    """`work` does everything that is to be done; it looks at `is_closed` between two pieces."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name, self._work = name, work
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.is_closed = False

    def wake(self) -> None:
        """There may be something to do. Returns at once."""
        if not self.is_closed:
            self._thread.submit(self._work).add_done_callback(self._tell)

    def close(self) -> None:
        """Begin nothing more; what is under way comes to its end."""
        self.is_closed = True
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _tell(self, done: "Future[None]") -> None:
        if done.cancelled():
            return
        log = logging.getLogger(__name__)
        match done.exception():
            case None:
                return
            case Unavailable() as error:
                log.warning("%s: waits, %s", self._name, error)
            case error:
                log.error("%s: failed", self._name, exc_info=error)
