"""An open WebSocket of somebody who signed out, lost their role or was shut out is closed."""

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive, Send

from core.errors import AryabhattaError
from core.services.sign_in import SignedIn

SIGNED_OUT = 4401
_CLOSED: Message = {"type": "websocket.disconnect", "code": SIGNED_OUT}


def while_signed_in(
    who: Callable[[], SignedIn | None], found: SignedIn, receive: Receive, send: Send
) -> tuple[Receive, Send]:
    """Both directions ask before each message; `who` answers from memory most of the time."""
    is_open = True

    async def is_still_there() -> bool:
        try:
            return is_open and await asyncio.to_thread(who) == found
        except AryabhattaError:
            return True  # the database is away: nothing can be read or changed meanwhile

    async def close() -> None:
        nonlocal is_open
        if is_open:
            is_open = False
            await send({"type": "websocket.close", "code": SIGNED_OUT})

    async def receive_while() -> Message:
        message = await receive()
        if message["type"] != "websocket.receive" or await is_still_there():
            return message
        await close()
        return _CLOSED

    async def send_while(message: Message) -> None:
        if message["type"] == "websocket.send" and not await is_still_there():
            await close()
            raise OSError("The person behind this connection is not signed in any more.")
        await send(message)

    return receive_while, send_while
