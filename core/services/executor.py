"""The worker of this process, started when it is first needed."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from core.domain.event import Event
from core.engine.ports import Ports
from core.engine.worker import Worker
from core.errors import Unavailable

T = TypeVar("T")


class Crew(NamedTuple):
    """A worker with what it needs. All of it lives and ends together."""

    worker: Worker
    ports: Ports
    close_clients: Callable[[], Awaitable[None]]


class Executor:
    """Thread-safe. A command that only reads never starts it; a server starts it at once.

    A worker that ended by a fault is followed by another at the next need.
    """

    def __init__(self, name: str, make: Callable[[], Crew]) -> None:
        self.name = name
        """Under which this process's worker claims runs."""
        self._make = make
        self._lock = threading.Lock()
        self._crew: Crew | None = None
        self._is_over = False

    def start(self) -> None:
        """Announce the worker. Raises `Unavailable` when the database does not answer."""
        self._alive()

    def stop(self) -> None:
        """Let go of every run for good; others can take over at once."""
        with self._lock:
            self._is_over = True
            if self._crew is not None:
                self._crew.worker.stop(self._crew.close_clients)
                self._crew = None

    def submit(self, run_id: UUID, events: list[Event] | None = None) -> None:
        """Drive a run: one that is claimed already, with its journal, or one to be claimed first."""
        self._alive().submit(run_id, events)

    def ask(
        self,
        question: Callable[[], Coroutine[Any, Any, T]],
        afterwards: Callable[[], Coroutine[Any, Any, None]],
        limit_s: float,
    ) -> T:
        """Wait for something on the engine's loop, where long-lived connections are. Raises `TimeoutError`.

        Without a worker the loop lasts as long as the question, and `afterwards` ends what was opened on it.
        """
        crew = self._crew
        if crew is not None and crew.worker.is_alive:
            return asyncio.run_coroutine_threadsafe(question(), crew.worker.loop).result(limit_s)
        return asyncio.run(_alone(question, afterwards))

    def tell(self, run_id: UUID) -> None:
        """Somebody wrote to the run's journal."""
        if crew := self._crew:
            crew.worker.tell(run_id)

    @property
    def is_alive(self) -> bool:
        """Whether a worker is at work."""
        crew = self._crew
        return crew is not None and crew.worker.is_alive

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded at the moment; empty when all is well."""
        crew = self._crew
        return crew.worker.trouble if crew else ""

    @property
    def driving(self) -> int:
        """Number of runs under way here."""
        crew = self._crew
        return crew.worker.driving if crew else 0

    def _alive(self) -> Worker:
        with self._lock:
            if self._is_over:
                raise Unavailable("This process ends: it takes up no more runs.")
            if self._crew is None or not self._crew.worker.is_alive:
                crew = self._make()
                crew.worker.start(crew.ports)
                self._crew = crew
            return self._crew.worker


async def _alone(
    question: Callable[[], Coroutine[Any, Any, T]], afterwards: Callable[[], Coroutine[Any, Any, None]]
) -> T:
    try:
        return await question()
    finally:
        await afterwards()
