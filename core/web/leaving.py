"""Work for somebody who may leave before it is done, on a server that may be told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from starlette.types import Receive

WHOLE: Final = 0
HUNG_UP: Final = 1
"""Places of who was first, where the work itself stands before `hear_hanging_up`."""
_working: Final = set[asyncio.Future[None]]()
"""Who wants to hear that the server stops. Of one loop: that of the server."""


async def until_first(*work: Coroutine[Any, Any, None]) -> int:
    """Run until one is done, then end the others. The place of the one that was, the first of several."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return next(place for place, task in enumerate(tasks) if task in done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def hear_hanging_up(receive: Receive) -> None:
    """Return when the caller of a request whose body was read closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def hear_stopping() -> None:
    """Return when the server is told to stop: it waits for every answer under way, however long that takes."""
    told = asyncio.get_running_loop().create_future()
    _working.add(told)
    try:
        await told
    finally:
        _working.discard(told)


def stop_waiting() -> None:
    """The server stops. On its loop."""
    for told in _working:
        if not told.done():
            told.set_result(None)
