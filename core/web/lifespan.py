"""What the server process does before its first page and after its last."""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from core.bootstrap import close_app, get_app
from core.errors import AryabhattaError
from core.web.leaving import stop_waiting

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_server: object) -> AsyncIterator[None]:
    """Start the engine with the server and stop it with it.

    A database that does not answer yet is no reason to exit: the screens say so and try again at every visit.
    """
    _stop_when_the_terminal_closes()
    _break_off_when_stopped()
    try:
        await asyncio.to_thread(get_app)
    except AryabhattaError as error:
        log.error("%s", error)  # noqa: TRY400 - a sentence for the operator, not a traceback
    gc.collect()
    gc.freeze()  # what is loaded by now stays: later collections need not walk it
    try:
        yield
    finally:
        await asyncio.to_thread(close_app)


def _stop_when_the_terminal_closes() -> None:
    """A hangup stops the server as Ctrl-C does, its database included. Under nohup the server goes on."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, signal.raise_signal, signal.SIGTERM)


def _break_off_when_stopped() -> None:
    """Tell answers under way that the server stops, before whatever else its signals do."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(before := signal.getsignal(number)):
            signal.signal(number, partial(_stop, loop, before))


def _stop(loop: asyncio.AbstractEventLoop, before: Callable[[int, Any], Any], number: int, frame: Any) -> None:
    loop.call_soon_threadsafe(stop_waiting)
    before(number, frame)
