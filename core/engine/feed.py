"""The live feed: what watchers of this process see of a run before it is in the journal.

Written on the engine's loop, read from any other. Watchers are told that there is news, never sent
it, so a slow one costs nothing and misses nothing: it reads what it has not seen yet.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from core.domain.event import Event, Started
from core.domain.model_call import Delta


@dataclass(slots=True)
class LiveText:
    """The answer under way: `parts` only grows, so a watcher remembers how many it has seen."""

    effect: str
    attempt: int
    parts: list[Delta] = field(default_factory=list)


class Watch:
    """One watcher's ear, bound to the loop or the thread that waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop = loop
        self._async = asyncio.Event()
        self._sync = threading.Event()

    def ring(self) -> None:
        if self._loop is None:
            self._sync.set()
            return
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._async.set)

    async def news(self, timeout_s: float) -> bool:
        """Wait for news; False when there was none in time."""
        try:
            await asyncio.wait_for(self._async.wait(), timeout_s)
        except TimeoutError:
            return False
        self._async.clear()
        return True

    def news_blocking(self, timeout_s: float) -> bool:
        told = self._sync.wait(timeout_s)
        self._sync.clear()
        return told


class Feed:
    """All live runs of this process. An `Observer` of the engine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[UUID, LiveText] = {}
        self._watches: dict[UUID, list[Watch]] = defaultdict(list)

    def delta(self, run_id: UUID, effect: str, attempt: int, delta: Delta) -> None:
        """A piece of text came in."""
        text = self._texts.get(run_id)
        if text is None or (text.effect, text.attempt) != (effect, attempt):
            text = self._texts[run_id] = LiveText(effect, attempt)
        text.parts.append(delta)
        self._ring(run_id)

    def recorded(self, run_id: UUID, events: Sequence[Event]) -> None:
        """Entries became durable: their text is in the journal now."""
        for event in events:
            if isinstance(event.fact, Started) and event.fact.request is not None:
                self._texts[run_id] = LiveText(event.fact.effect, event.fact.attempt)
        self._ring(run_id)

    def left(self, run_id: UUID) -> None:
        """This process no longer drives the run."""
        self._texts.pop(run_id, None)
        self._ring(run_id)

    def text(self, run_id: UUID) -> LiveText | None:
        """The answer under way in this process, or None. Do not change it."""
        return self._texts.get(run_id)

    @contextmanager
    def watch(self, run_id: UUID, loop: asyncio.AbstractEventLoop | None = None) -> Iterator[Watch]:
        """Listen to one run; with `loop`, the waiting happens there, else in the calling thread."""
        watch = Watch(loop)
        with self._lock:
            self._watches[run_id].append(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[run_id].remove(watch)
                if not self._watches[run_id]:
                    del self._watches[run_id]

    def _ring(self, run_id: UUID) -> None:
        with self._lock:
            watches = list(self._watches.get(run_id, ()))
        for watch in watches:
            watch.ring()
