"""The worker of this process, started when it is first needed."""

import threading
from collections.abc import Awaitable, Callable
from uuid import UUID

from core.domain.event import Event
from core.engine.ports import Ports
from core.engine.worker import Worker


class Executor:
    """Thread-safe. A command that only reads never starts it; a server starts it at once."""

    def __init__(self, worker: Worker, ports: Ports, close_clients: Callable[[], Awaitable[None]]) -> None:
        self._worker, self._ports, self._close_clients = worker, ports, close_clients
        self._lock = threading.Lock()
        self._started = False

    @property
    def name(self) -> str:
        """Under which this process's worker claims runs."""
        return self._worker.name

    def start(self) -> None:
        """Announce the worker. Raises `Unavailable` when the database does not answer."""
        with self._lock:
            if not self._started:
                self._worker.start(self._ports)
                self._started = True

    def stop(self) -> None:
        """Let go of every run; others can take over at once."""
        with self._lock:
            if self._started:
                self._started = False
                self._worker.stop(self._close_clients)

    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None:
        """Drive a run: one that is claimed already, with its journal, or one to be claimed first."""
        self.start()
        self._worker.submit(run_id, events)

    def tell(self, run_id: UUID) -> None:
        """Somebody wrote to the run's journal."""
        if self._started:
            self._worker.tell(run_id)

    @property
    def driving(self) -> int:
        """Number of runs under way here."""
        return self._worker.driving if self._started else 0
