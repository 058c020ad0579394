"""How many requests may be under way to an endpoint at the same time. Who finds no room waits, first come first served."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Line:
    under_way: int = 0
    waiting: deque[tuple[asyncio.Future[None], float]] = field(default_factory=deque)
    """Those who wait, each with the number that may be under way when its turn comes."""


class Gate:
    """Lives on one event loop. The number belongs to the request, since a person may change it meanwhile."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def room(self, name: str, limit: int | None, on_wait: Callable[[int, int], None]) -> AsyncIterator[None]:
        """One of `limit` places at `name`. `on_wait` hears, before a wait, how many are under way and how many ahead."""
        line = self._lines.setdefault(name, _Line())
        most = math.inf if limit is None else limit
        if line.under_way < most and (limit is None or not line.waiting):
            line.under_way += 1
        else:
            on_wait(line.under_way, len(line.waiting))
            await self._turn(name, line, most)
        try:
            yield
        finally:
            self._leave(name, line)

    async def _turn(self, name: str, line: _Line, most: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (turn, most)
        line.waiting.append(place)
        try:
            await turn
        except asyncio.CancelledError:
            if place in line.waiting:
                line.waiting.remove(place)
            else:
                self._leave(name, line)  # the turn came at the same moment: it is the next one's
            raise

    def _leave(self, name: str, line: _Line) -> None:
        line.under_way -= 1
        while line.waiting and line.under_way < line.waiting[0][1]:
            turn, _ = line.waiting.popleft()
            line.under_way += 1
            turn.set_result(None)
        if not line.under_way and not line.waiting:
            self._lines.pop(name, None)
