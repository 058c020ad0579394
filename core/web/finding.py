"""What the finder asks at every key."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.bootstrap import get_app
from core.errors import AryabhattaError

_MOST_CHARS = 200


async def find(request: Request) -> Response:
    """A JSON array of `core.domain.finding.Found` for `?q=`."""
    search = request.query_params.get("q", "").replace("\x00", "")[:_MOST_CHARS]
    try:
        app = await asyncio.to_thread(get_app)
        found = await asyncio.to_thread(app.finder.find, search)
    except AryabhattaError as error:
        return PlainTextResponse(str(error), 503)
    return Response(msgspec.json.encode(found), media_type="application/json", headers={"cache-control": "no-store"})
