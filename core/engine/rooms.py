"""Standing in line at endpoints that have limits: one thread of a process asks for all its runs.

Nothing is asked while nobody waits. Who waits is woken by a notification when somebody leaves; a slow look beside it
finds the places of processes that died without a word.
"""

import asyncio
import heapq
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final, Protocol, assert_never

from core.domain.endpoint import Endpoint, EndpointLimits
from core.domain.rooms import Entry, Full, Place, Spent, Yields
from core.engine.clock import boot_s
from core.engine.ports import OPEN, Room
from core.errors import Unavailable

log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
"""How often who waits looks by itself."""
_RECONNECT_S: Final = (0.0, 0.05, 0.2, 0.5, 1.0)
"""Waits between tries to reach a database that went away; the last one again and again."""


class Places(Protocol):
    """The places over all processes. Blocking, `Unavailable` when the database does not answer."""

    def prepare(self) -> None: ...

    def connect(self) -> None: ...

    def enter(self, name: str, limits: EndpointLimits, *, urgent: bool) -> Entry: ...

    def leave(self, places: Sequence[Place]) -> None: ...

    def is_urgent(self, name: str, *, urgent: bool) -> None: ...

    def wait(self, timeout_s: float | None) -> set[str]: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


class InLine:
    """One request's place in the line, then at the endpoint. Made and left on the loop of its run."""

    def __init__(
        self,
        rooms: "Rooms",
        endpoint: Endpoint,
        *,
        urgent: bool,
        on_come: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.name, self.limits, self.urgent = endpoint.name, endpoint.limits, urgent
        self.has_come = self.has_waited = self._has_left = False
        self._rooms, self._on_come, self._say = rooms, on_come, say
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._place: Place | None = None
        self._said = ""

    @property
    def waits(self) -> bool:
        """Whether it has neither come nor given up."""
        return self._place is None and not self._has_left

    def come(self, place: Place) -> bool:
        """There is room; False when it gave up waiting meanwhile. From the thread."""
        with self._lock:
            if self._has_left:
                return False
            self._place = place
        self._tell(self._come)
        return True

    def refused(self, why: str) -> None:
        """There is none yet. From the thread."""
        if why != self._said:
            self._said = why
            self._tell(self._wait, why)

    def leave(self) -> None:
        """Make room for others, or give up waiting. A second time it does nothing."""
        with self._lock:
            if self._has_left:
                return
            self._has_left = True
        self._rooms.left(self.name, self._place)

    def _come(self) -> None:
        self.has_come = True
        self._on_come()

    def _wait(self, why: str) -> None:
        self.has_waited = True
        if not self.has_come and not self._has_left:
            self._say(why)

    def _tell(self, what: Callable[..., None], *values: object) -> None:
        with suppress(RuntimeError):  # the loop has ended, and its runs with it
            self._loop.call_soon_threadsafe(what, *values)


class Rooms:
    """The lines of this process. The thread begins with the first request that has to stand in one."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        """Of all that follows but `_inside` and `_tries`, which are the thread's alone."""
        self._lines: dict[str, list[tuple[bool, int, InLine]]] = {}
        """By endpoint, as heaps: who is urgent first, then who came first."""
        self._due_s: dict[str, float] = {}
        """When the first of a line looks by itself."""
        self._changed: set[str] = set()
        """Lines that somebody joined or left."""
        self._back: list[Place] = []
        self._numbers = count()
        self._is_over = False
        self._inside = self._tries = 0
        self._thread: threading.Thread | None = None

    def enter(
        self, endpoint: Endpoint, *, urgent: bool, on_come: Callable[[], None], say: Callable[[str], None]
    ) -> Room:
        """Stand in line; `urgent`: before those who are not. `say` is told what it waits for."""
        if not endpoint.limits.are_shared:
            return OPEN
        waiting = InLine(self, endpoint, urgent=urgent, on_come=on_come, say=say)
        with self._lock:
            heapq.heappush(self._lines.setdefault(endpoint.name, []), (not urgent, next(self._numbers), waiting))
            self._changed.add(endpoint.name)
            self._begin()
        self._places.interrupt()
        return waiting

    def left(self, name: str, place: Place | None) -> None:
        """A request is over, or nobody waits for it any more."""
        with self._lock:
            self._changed.add(name)
            if place is not None:
                self._back.append(place)
        self._places.interrupt()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Leave every place and every line."""
        with self._lock:
            self._is_over = True
            thread = self._thread
        if thread is not None:
            self._places.interrupt()
            thread.join(timeout_s)

    def _begin(self) -> None:
        if self._thread is None and not self._is_over:
            self._places.prepare()
            self._thread = threading.Thread(target=self._keep, name="engine-rooms", daemon=True)
            self._thread.start()

    def _keep(self) -> None:
        try:
            while not self._is_over:
                try:
                    self._turn()
                except Unavailable as error:
                    self._without_database(error)
        finally:
            self._places.close()

    def _turn(self) -> None:
        if self._lines or self._inside:
            self._places.connect()
        self._tries = 0
        news = self._places.wait(self._timeout_s())
        self._hand_back()
        for name in self._to_look_at(news):
            self._look(name)

    def _without_database(self, error: Unavailable) -> None:
        if not self._tries:
            log.warning("%s; trying again", error)
        for name in self._all_lines():
            self._say(name, "Waiting for the database.")
        self._places.wait(_RECONNECT_S[min(self._tries, len(_RECONNECT_S) - 1)])
        self._tries += 1

    def _timeout_s(self) -> float | None:
        with self._lock:
            if self._changed or self._back:
                return 0.0
            due_s = min((self._due_s.get(name, 0.0) for name in self._lines), default=None)
        return None if due_s is None else max(0.0, due_s - boot_s())

    def _hand_back(self) -> None:
        with self._lock:
            back, self._back = self._back, []
        self._inside -= len(back)
        if back:
            self._places.leave(back)

    def _all_lines(self) -> list[str]:
        with self._lock:
            return list(self._lines)

    def _to_look_at(self, news: set[str]) -> list[str]:
        now_s = boot_s()
        with self._lock:
            changed, self._changed = self._changed, set()
            return [n for n in self._lines if n in news or n in changed or self._due_s.get(n, 0.0) <= now_s]

    def _look(self, name: str) -> None:
        """Let in who may come in, in their order, and tell the others why not."""
        while (first := self._first(name)) is not None:
            entry = self._places.enter(name, first.limits, urgent=first.urgent)
            if not isinstance(entry, Place):
                self._places.is_urgent(name, urgent=first.urgent)
                self._refuse(name, first.limits, entry)
                return
            self._inside += 1
            if not first.come(entry):
                self.left(name, entry)
        self._places.is_urgent(name, urgent=False)

    def _first(self, name: str) -> InLine | None:
        """Who is next; those who came in or gave up are passed over."""
        with self._lock:
            line = self._lines.get(name, [])
            while line and not line[0][2].waits:
                heapq.heappop(line)
            if not line:
                self._lines.pop(name, None)
                self._due_s.pop(name, None)
            return line[0][2] if line else None

    def _refuse(self, name: str, limits: EndpointLimits, entry: Full | Spent | Yields) -> None:
        with self._lock:
            self._due_s[name] = boot_s() + (entry.wait_s if isinstance(entry, Spent) else LOOK_S)
        self._say(name, _why(name, limits, entry))

    def _say(self, name: str, why: str) -> None:
        with self._lock:
            waiting = [one for _, _, one in self._lines.get(name, [])]
        for one in waiting:
            one.refused(why)


def _why(name: str, limits: EndpointLimits, entry: Full | Spent | Yields) -> str:
    match entry:
        case Full(under_way=under_way):
            return f"Waiting for room at {name}: {under_way} under way."
        case Spent():
            most = limits.requests_per_minute or 0
            return f"Waiting for the next minute's budget of {name}: {most:,} requests a minute."
        case Yields():
            return f"Waiting for room at {name}: somebody waits for another run."
        case _:
            assert_never(entry)
