"""A time limit that stands still while a person is asked: it measures machines."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from core.domain.question import Ask, PersonSaid, Question


@contextmanager
def stopped(limit: asyncio.Timeout) -> Iterator[None]:
    """Inside, the time of a limit that is entered does not pass."""
    until_s = limit.when()
    if until_s is None:
        yield
        return
    loop = asyncio.get_running_loop()
    left_s = until_s - loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        if not limit.expired():
            limit.reschedule(loop.time() + left_s)


def off_the_clock(ask: Ask, limit: asyncio.Timeout) -> Ask:
    """The same question, during which the limit stands still."""

    async def ask_meanwhile(question: Question) -> PersonSaid:
        with stopped(limit):
            return await ask(question)

    return ask_meanwhile
