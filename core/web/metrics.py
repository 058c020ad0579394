"""Figures of this process for Prometheus: for an operator who is signed in, this machine alone, or an API key."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from core.bootstrap import App, get_app
from core.errors import AryabhattaError
from core.web.keyed import Call

_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class WithKey(Route):
    """The same address is another route for whoever gives a key: no login is asked for then."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and any(name == b"authorization" for name, _ in scope["headers"]):
            return super().matches(scope)
        return Match.NONE, {}


async def metrics_with_key(call: Call) -> Response:
    return await _figures(call.app)


async def metrics(_request: Request) -> Response:
    """The gate has judged who asks."""
    try:
        return await _figures(await asyncio.to_thread(get_app))
    except AryabhattaError as error:
        return PlainTextResponse(str(error), 503)


async def _figures(app: App) -> Response:
    return Response(await asyncio.to_thread(app.measures.text), media_type=_TYPE)
