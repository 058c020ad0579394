"""Watching a run: its journal as it grows and the text of the answer under way, from any process.

A run of this process is heard of at once through the feed. One that another process executes is looked
at once a second; its text then comes from the checkpoints.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from uuid import UUID

from core.domain.event import Decision, Event, Finished, kind_of
from core.domain.frames import EntryFrame, Frame, TextCursor, TextFrame
from core.domain.journal import Partial
from core.domain.run import ENDED, RunStatus
from core.engine.feed import Feed

LOOK_AGAIN_S = 1.0
FRAME_S = 0.04
"""Shortest time between two pieces to a browser: 25 a second read as fluent."""

News = tuple[list[Event | TextFrame], bool]

RESTING: frozenset[RunStatus] = ENDED | {"waiting"}


class RunWatch:
    """One watcher of one run. `look` is blocking and cheap; the two loops call it whenever there may be news."""

    def __init__(
        self,
        run_id: UUID,
        after: int,
        feed: Feed,
        status: Callable[[UUID], RunStatus | None],
        events: Callable[[UUID, int], list[Event]],
        partial: Callable[[UUID], Partial | None],
    ) -> None:
        self._run_id, self._after = run_id, after
        self._feed, self._status, self._events, self._partial = feed, status, events, partial
        self._cursor = TextCursor()
        self._over: set[tuple[str, int]] = set()
        """Answers whose whole text was given."""

    def look(self) -> News:
        """What is new, in order, and whether the run rests now: it ended, or it waits for a person."""
        status = self._status(self._run_id)  # read first: what follows then holds everything up to that status
        partial = self._partial(self._run_id)
        news: list[Event | TextFrame] = []
        for event in self._events(self._run_id, self._after):
            self._after = event.seq
            if (rest := self._rest_of(event)) is not None:
                news.append(rest)
            news.append(event)
        if (frame := self._live(partial)) is not None:
            news.append(frame)  # behind the entries: it belongs to an answer that begins after them
        return news, status is None or status in RESTING

    def glance(self) -> News | None:
        """The same without the database, where the run is driven here and every entry was seen; else None."""
        if self._feed.recorded_at(self._run_id) != self._after:
            return None
        frame = self._live(self._partial(self._run_id)) if self._feed.text(self._run_id) else None
        return ([frame] if frame else []), False

    def _live(self, partial: Partial | None) -> TextFrame | None:
        """What is new of the text under way; a checkpoint may be older than the outcome that was read since."""
        if partial is None or (partial.effect, partial.attempt) in self._over:
            return None
        return self._cursor.frame(partial.effect, partial.attempt, partial.text, partial.reasoning, partial.waiting)

    def _rest_of(self, event: Event) -> TextFrame | None:
        """What the journal has of an answer beyond what was seen of it live."""
        match event.fact:
            case Decision(effect=effect, attempt=attempt, text=text, reasoning=reasoning):
                pass
            case Finished(effect=effect, attempt=attempt, output=text, reasoning=reasoning) if effect.endswith(".m"):
                pass
            case _:
                return None
        self._over.add((effect, attempt))
        if not text and not reasoning:
            return None
        return self._cursor.frame(effect, attempt, text, reasoning)

    def blocking(self) -> Iterator[Event | TextFrame]:
        """For a command: ends when the run rests."""
        with self._feed.watch(self._run_id) as watch:
            while True:
                news, rests = self.glance() or self.look()
                yield from news
                if rests:
                    return
                watch.news_blocking(LOOK_AGAIN_S)

    async def frames(self) -> AsyncGenerator[list[Frame], None]:
        """For a browser: ends when the run rests. An empty list says that the connection lives."""
        with self._feed.watch(self._run_id, asyncio.get_running_loop()) as watch:
            while True:
                seen = self.glance()
                news, rests = seen if seen is not None else await asyncio.to_thread(self.look)
                yield [_frame(item) for item in news]
                if rests:
                    return
                await asyncio.sleep(FRAME_S)
                await watch.news(LOOK_AGAIN_S)


def _frame(item: Event | TextFrame) -> Frame:
    return item if isinstance(item, TextFrame) else EntryFrame(kind=kind_of(item.fact), seq=item.seq)
