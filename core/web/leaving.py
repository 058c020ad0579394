"""Work for somebody who may leave before it is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive


async def until_first(*work: Coroutine[Any, Any, None]) -> bool:
    """Run until one is done, then end the others. Whether the first of them was."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return tasks[0] in done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def hear_hanging_up(receive: Receive) -> None:
    """Return when the caller of a request whose body was read closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
