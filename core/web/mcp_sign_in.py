"""Where the browser comes back to after a person signed in to an MCP server."""

import asyncio
from html import escape
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.bootstrap import get_app
from core.domain.result import Err
from core.web.gate import USER_HEADER
from core.web.plain_page import plain_page

_BODY = '<main><h1>Not signed in</h1><p role="alert">{said}</p><p><a href="/tools">Back to the tools</a></p></main>'
_SAID_CHARS = 300


async def back_from_server(request: Request) -> Response:
    """Finish the sign-in that this browser began, then show the page that it began on."""
    given = request.query_params
    said = given.get("error_description") or given.get("error") or ""
    app = await asyncio.to_thread(get_app)
    finished = await asyncio.to_thread(
        app.mcp_sign_ins.finish,
        given.get("state", ""),
        given.get("code", ""),
        given.get("iss"),
        said[:_SAID_CHARS],
        unquote(request.headers.get(USER_HEADER, "")),
    )
    if isinstance(finished, Err):
        return HTMLResponse(plain_page("Not signed in", _BODY.format(said=escape(finished.message))), 400)
    return RedirectResponse(finished.value, 303)
