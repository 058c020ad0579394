"""Two clocks: one that nobody sets, and the time that a run's entries bear."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


def boot_s() -> float:
    """Seconds since boot, sleep included: a laptop that was closed must notice that its lease ran out."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class RunClock:
    """The wall's time at the beginning, and steady from there.

    A wall clock that is set in mid-run would else use up the run's time limit, or stop its checkpoints.
    """

    def __init__(self, wall: Callable[[], datetime], elapsed_s: Callable[[], float] = boot_s) -> None:
        self._elapsed_s = elapsed_s
        self._began_s = elapsed_s()
        self._began = wall()

    def __call__(self) -> datetime:
        return self._began + timedelta(seconds=self._elapsed_s() - self._began_s)
