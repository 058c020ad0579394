"""The demo model's server: chat completions over HTTP on this machine, from a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterable
from typing import Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.clients.demo.chunks import MODEL, streamed, whole
from core.clients.demo.rules import answer
from core.domain.canonical import Json

TOKENS_PER_SECOND: Final = 40.0


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct):
    function: _Function


class _StreamOptions(msgspec.Struct):
    include_usage: bool = False


class _Ask(msgspec.Struct):
    messages: list[dict[str, Json]]
    tools: list[_Tool] = []
    stream: bool = False
    stream_options: _StreamOptions | None = None


class DemoServer:
    """Listens on a free port of 127.0.0.1. `tokens_per_second` 0: as fast as it goes."""

    def __init__(self, tokens_per_second: float = TOKENS_PER_SECOND) -> None:
        self._pause_s = 1 / tokens_per_second if tokens_per_second else 0.0
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def start(self) -> str:
        """The base URL. The first call starts the server, later ones find it running."""
        with self._lock:
            if self._running is None:
                self._running = _Running(self._pause_s)
            return self._running.base_url

    def stop(self) -> None:
        """End the server, if it runs. It can be started again, on another port."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop()


class _Running:
    def __init__(self, pause_s: float) -> None:
        # Bound here: connections wait in its queue until the thread accepts them, so the address is good at once.
        listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        self._server = uvicorn.Server(
            uvicorn.Config(
                _app(pause_s),
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="demo-model", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)


def _app(pause_s: float) -> Starlette:
    async def complete(request: Request) -> Response:
        try:
            ask = msgspec.json.decode(await request.body(), type=_Ask)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return JSONResponse({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)
        made = answer(ask.messages, frozenset(tool.function.name for tool in ask.tools))
        if not ask.stream:
            return JSONResponse(whole(made, ask.messages))
        with_usage = ask.stream_options is not None and ask.stream_options.include_usage
        events = streamed(made, ask.messages, with_usage=with_usage)
        return StreamingResponse(_paced(events, pause_s), media_type="text/event-stream")

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "aryabhatta"}]})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/v1/models", models, methods=["GET"]),
        ]
    )


async def _paced(events: Iterable[bytes], pause_s: float) -> AsyncIterator[bytes]:
    for event in events:
        yield event
        if pause_s:
            await asyncio.sleep(pause_s)
