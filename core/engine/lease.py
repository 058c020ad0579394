"""The lease as its worker sees it: until when nobody else can have taken its runs."""

import asyncio

from core.engine.clock import boot_s
from core.errors import Fenced


class Lease:
    """One for all runs of a worker. Renewed by one thread, asked and awaited on the engine's loop."""

    def __init__(self, length_s: float) -> None:
        self.length_s = length_s
        self._until_s = 0.0
        self._has_ended = False
        self._renewed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Those who wait for it wait on this loop."""
        self._loop = loop

    def stands(self) -> bool:
        """Whether an effect that begins now begins under the lease."""
        return boot_s() < self._until_s and not self._has_ended

    def renewed(self, begun_s: float) -> None:
        """The database has renewed it; `begun_s`: boot time before it was asked to."""
        self._until_s = begun_s + self.length_s
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def lapse(self) -> None:
        """It may be gone: nothing begins until it is renewed."""
        self._until_s = 0.0

    def end(self) -> None:
        """The worker stops: it never stands again."""
        self._has_ended = True

    async def again(self) -> None:
        """Wait for the next renewal. Raises `Fenced` when there will be none."""
        if self._has_ended:
            raise Fenced
        await self._renewed.wait()

    def _wake(self) -> None:
        waited_for, self._renewed = self._renewed, asyncio.Event()
        waited_for.set()
