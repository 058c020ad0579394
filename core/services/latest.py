"""The newest answers to slow questions: asked in the background, one asker a question, kept for whoever comes next."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

Question = Callable[[], T]
_MOST: Final = 500


class Known(NamedTuple, Generic[T]):
    """What is known by now. `value` None: nothing yet; `is_asked`: somebody asks right now."""

    value: T | None
    is_asked: bool


class _Kept(NamedTuple, Generic[T]):
    value: T
    at_s: float


class Latest(Generic[T]):
    """Thread-safe. A question may take as long as it likes: who wants to know never waits longer than it says."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept[T]] = {}
        self._under_way: dict[Hashable, threading.Event] = {}

    def kept(self, key: Hashable, good_for_s: Callable[[T], float] = lambda _: float("inf")) -> T | None:
        """What was answered last, as long as it is good."""
        kept = self._kept.get(key)
        return kept.value if kept and self._clock_s() - kept.at_s < good_for_s(kept.value) else None

    def seen(self, key: Hashable) -> Known[T]:
        """What is known, and whether somebody asks, without beginning to."""
        is_asked = key in self._under_way  # looked at first: an answer that comes in between is then seen
        return Known(self.kept(key), is_asked)

    def keep(self, key: Hashable, value: T) -> T:
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()  # what is still wanted is soon asked again
            self._kept[key] = _Kept(value, self._clock_s())
        return value

    def now(
        self, key: Hashable, prepare: Callable[[], Question[T]], good_for_s: Callable[[T], float], patience_s: float
    ) -> Known[T]:
        """What is known, after at most `patience_s`. Where that is nothing, or is not good any more, it is asked for.

        `prepare` is called here and gives the question, which is asked in the background.
        """
        is_good = self.kept(key, good_for_s) is not None
        under_way = self._under_way.get(key) if is_good else self._asking(key, prepare)
        if under_way is not None:
            under_way.wait(patience_s)
        return self.seen(key)

    def _asking(self, key: Hashable, prepare: Callable[[], Question[T]]) -> threading.Event:
        """Set when the answer is there."""
        if (under_way := self._under_way.get(key)) is not None:
            return under_way
        ask = prepare()
        with self._lock:
            done = self._under_way.get(key)
            if done is None:
                done = self._under_way[key] = threading.Event()
                # A daemon: a server that does not answer must not keep the process from ending.
                threading.Thread(target=self._ask, args=(key, ask, done), name="asks a server", daemon=True).start()
        return done

    def _ask(self, key: Hashable, ask: Question[T], done: threading.Event) -> None:
        try:
            self.keep(key, ask())
        finally:
            with self._lock:
                del self._under_way[key]
            done.set()
