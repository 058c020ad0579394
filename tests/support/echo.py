"""A server that says back what it was asked, as some do: whatever leaves this machine comes home in its answer."""

import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.loopback import Answer, Loopback, Received, reply, serving


async def echo(received: Received, writer: asyncio.StreamWriter) -> None:
    """Everything that came, and what a nosy server would make of it."""
    said = {"target": received.target, "headers": received.headers, "body": received.body.decode(errors="replace")}
    with suppress(KeyError, ValueError):
        said["decoded"] = b64decode(received.headers["authorization"].partition(" ")[2]).decode()
    writer.write(reply(json.dumps(said), content_type="application/json"))


@contextmanager
def serving_in_thread(answer: Answer = echo) -> Iterator[Loopback]:
    """The server, for code that has no event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="echo")
    thread.start()
    context = serving(answer)
    try:
        yield asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(5)
    finally:
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
