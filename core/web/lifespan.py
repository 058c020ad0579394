"""What the server process does before its first page and after its last."""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.bootstrap import close_app, get_app
from core.errors import AryabhattaError

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_server: object) -> AsyncIterator[None]:
    """Start the engine with the server and stop it with it.

    A database that does not answer yet is no reason to exit: the screens say so and try again at every visit.
    """
    _stop_when_the_terminal_closes()
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
