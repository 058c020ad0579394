"""The live feed: what watchers of this process see of a run before it is in the journal.

Written on the engine's loop, read from any other. Watchers are told that there is news, never sent
it, so a slow one costs nothing and misses nothing: it reads what it has not seen yet.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from core.domain.event import Asked, Ended, Event, Started
from core.domain.model_call import Delta


@dataclass(slots=True)
class LiveText:
    """The answer under way: `parts` only grows, so a watcher remembers how many it has seen."""

    effect: str
    attempt: int
    parts: list[Delta] = field(default_factory=list)
    waiting: str = ""
    """Why nothing comes yet."""


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
        self._driven: dict[UUID, int] = {}
        """Runs driven here, with the place of their last durable entry."""
        self.on_watch: Callable[[], None] = lambda: None
        """Called when somebody begins to watch."""
        self.on_asked: Callable[[UUID], None] = lambda _: None
        """Called when a run that is driven here asks somebody."""
        self.on_end: Callable[[], None] = lambda: None
        """Called when a run ended here."""
        self.on_entries: Callable[[Sequence[Event]], None] = lambda _: None
        """Called with what became durable here; must return at once."""

    def delta(self, run_id: UUID, effect: str, attempt: int, delta: Delta) -> None:
        """A piece of text came in."""
        text = self._texts.get(run_id)
        if text is None or (text.effect, text.attempt) != (effect, attempt):
            text = self._texts[run_id] = LiveText(effect, attempt)
        text.parts.append(delta)
        text.waiting = delta.waiting
        self.ring(run_id)

    def recorded(self, run_id: UUID, events: Sequence[Event]) -> None:
        """Entries became durable: their text is in the journal now."""
        self.on_entries(events)
        if run_id in self._driven:
            self._driven[run_id] = events[-1].seq if events else self._driven[run_id]
        for event in events:
            if isinstance(event.fact, Started) and event.fact.request is not None:
                self._texts[run_id] = LiveText(event.fact.effect, event.fact.attempt)
            elif isinstance(event.fact, Asked):
                self.on_asked(run_id)
            elif isinstance(event.fact, Ended):
                self.on_end()
        self.ring(run_id)

    def driving(self, run_id: UUID) -> None:
        """This process begins to drive the run."""
        self._driven[run_id] = -1

    def left(self, run_id: UUID) -> None:
        """This process no longer drives the run."""
        self._driven.pop(run_id, None)
        self._texts.pop(run_id, None)
        self.ring(run_id)

    def remote(self, run_id: UUID, effect: str, attempt: int, text_from: int, reasoning_from: int, new: Delta) -> None:
        """Text of a run that another process executes; what is known already is left out, a gap waits to be filled."""
        if run_id not in self._watches:
            return  # it came after the last watcher left, who would have thrown it away
        live = self._texts.get(run_id)
        if live is None or (live.effect, live.attempt) != (effect, attempt):
            live = LiveText(effect, attempt)
        known = sum(len(part.text) for part in live.parts)
        thought = sum(len(part.reasoning) for part in live.parts)
        if text_from > known or reasoning_from > thought:
            return
        self._texts[run_id] = live
        more, thoughts = new.text[known - text_from :], new.reasoning[thought - reasoning_from :]
        self.delta(run_id, effect, attempt, Delta(more, thoughts, new.waiting))

    def recorded_at(self, run_id: UUID) -> int | None:
        """The place of the last durable entry of a run that is driven here, else None."""
        return self._driven.get(run_id)

    def watched(self) -> list[UUID]:
        """Runs that somebody in this process watches."""
        with self._lock:
            return list(self._watches)

    def text(self, run_id: UUID) -> LiveText | None:
        """The answer under way in this process, or None. Do not change it."""
        return self._texts.get(run_id)

    @contextmanager
    def watch(self, run_id: UUID, loop: asyncio.AbstractEventLoop | None = None) -> Iterator[Watch]:
        """Listen to one run; with `loop`, the waiting happens there, else in the calling thread."""
        watch = Watch(loop)
        with self._lock:
            self._watches[run_id].append(watch)
        self.on_watch()
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[run_id].remove(watch)
                if not self._watches[run_id]:
                    del self._watches[run_id]
                    self._forget_remote(run_id)

    def _forget_remote(self, run_id: UUID) -> None:
        """Text of elsewhere is kept only while somebody watches it; of a run driven here the engine says when to."""
        if run_id not in self._driven:
            self._texts.pop(run_id, None)

    def ring(self, run_id: UUID) -> None:
        """There is news of a run."""
        with self._lock:
            watches = list(self._watches.get(run_id, ()))
        for watch in watches:
            watch.ring()
