"""Routes beside the screens: health, the live feed of a run, static files."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.bootstrap import App, get_app
from core.errors import AryabhattaError
from core.web.api import api_routes
from core.web.files import attachment, backup
from core.web.finding import find
from core.web.leaving import until_first
from core.web.mcp_sign_in import back_from_server
from core.web.metrics import metrics
from core.web.share import shared_file, shared_page

NO_SUCH_RUN = 4404
NOT_READY = 4503
_ASSETS = Path(__file__).parent.parent.parent / "pages" / "assets"


def routes(assets: Path = _ASSETS) -> Sequence[BaseRoute]:
    return (
        Route("/healthz", healthz),
        WebSocketRoute("/api/runs/{run_id}/ws", run_feed),
        Route("/api/attachments/{sha256}", attachment),
        Route("/api/find", find),
        *api_routes(),
        Route("/share/{token}", shared_page),
        Route("/share/{token}/files/{sha256}", shared_file),
        Route("/metrics", metrics),
        Route("/api/backups/{name}", backup),
        Route("/oauth/mcp", back_from_server),
        Mount("/assets", StaticFiles(directory=assets)),
    )


async def healthz(_request: Request) -> Response:
    """200 while this process can serve people, else 503 with the reason."""
    try:
        await asyncio.to_thread(get_app)
    except AryabhattaError as error:
        return JSONResponse({"status": "unavailable", "reason": str(error)}, 503)
    return JSONResponse({"status": "ok"})


async def run_feed(socket: WebSocket) -> None:
    """Frames of one run as JSON arrays: what is new after `?after=`, then what happens. Closed when the run ended."""
    await socket.accept()
    try:
        app = await asyncio.to_thread(get_app)
    except AryabhattaError:
        await socket.close(NOT_READY)
        return
    run_id = _uuid(socket.path_params["run_id"])
    if run_id is None or await asyncio.to_thread(app.runs.get, run_id) is None:
        with suppress(WebSocketDisconnect):  # whoever asked may have left by now
            await socket.close(NO_SUCH_RUN)
        return
    await until_first(_send(socket, app, run_id, _after(socket)), _hear_leaving(socket))


async def _send(socket: WebSocket, app: App, run_id: UUID, after: int) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # the browser left between two frames
        async for frames in app.runs.follow(run_id, after):
            await socket.send_text(msgspec.json.encode(frames).decode())
        await socket.close()


async def _hear_leaving(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


def _after(socket: WebSocket) -> int:
    given = socket.query_params.get("after", "")
    return int(given) if given.lstrip("-").isdigit() else -1


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
