"""What this process did since it began, for Prometheus."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.event import Event
from core.repositories.runs import RunRepository
from core.services.executor import Executor

if TYPE_CHECKING:
    from core.services.instruments import Instruments


class Measures:
    """Counts nothing before `begin`: a command that nobody asks for figures need not load what counts."""

    def __init__(self, engine: Engine, executor: Executor) -> None:
        self._engine, self._executor = engine, executor
        self._instruments: Instruments | None = None

    def begin(self) -> None:
        """From now on everything is counted. A second time it does nothing."""
        from core.services.instruments import Instruments  # noqa: PLC0415 (50 ms)

        self._instruments = self._instruments or Instruments()

    def hear(self, events: Sequence[Event]) -> None:
        """Entries became durable here. Called on the engine's loop."""
        if self._instruments is not None:
            for event in events:
                self._instruments.note(event)

    def answered(self, route: str, status: int, took_s: float) -> None:
        """A request with an API key is over."""
        if self._instruments is not None:
            self._instruments.answered(route, status, took_s)

    def text(self) -> bytes:
        """In Prometheus's text format. Raises `Unavailable`."""
        self.begin()
        assert self._instruments is not None
        with UnitOfWork(self._engine) as unit:
            counts = RunRepository(unit.session).counts()
        return self._instruments.text(counts, self._executor.driving)
