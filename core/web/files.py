"""Files for the browser: attached ones, which come from outside and may not run, whatever they are; and backups."""

import asyncio
import re
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from core.bootstrap import get_app
from core.errors import AryabhattaError
from core.repositories.attachments import StoredFile
from core.services.file_check import IMAGE_TYPES, is_played

_HASH = re.compile(r"[0-9a-f]{64}")
_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "private, max-age=31536000, immutable",  # what a hash names never changes
}


async def attachment(request: Request) -> Response:
    """An image to be shown, a text as plain text, anything else to be saved."""
    sha256 = str(request.path_params["sha256"])
    if not _HASH.fullmatch(sha256):
        return PlainTextResponse("There is no such file.", 404)
    try:
        app = await asyncio.to_thread(get_app)
    except AryabhattaError as error:
        return PlainTextResponse(str(error), 503)
    found = await asyncio.to_thread(app.attachments.get, sha256)
    return served_file(found)


def served_file(found: StoredFile | None, more: Mapping[str, str] = MappingProxyType({})) -> Response:
    """`more`: headers in place of the usual ones; the sandbox stays."""
    if found is None:
        return PlainTextResponse("There is no such file.", 404)
    sandbox = {"content-security-policy": _HEADERS["content-security-policy"]}
    return Response(found.content, headers=_HEADERS | dict(more) | sandbox | _kind(found.media_type))


async def backup(request: Request) -> Response:
    """A backup that was made on the Settings screen, as a file to be saved."""
    try:
        app = await asyncio.to_thread(get_app)
    except AryabhattaError as error:
        return PlainTextResponse(str(error), 503)
    path = await asyncio.to_thread(app.backup_desk.path, str(request.path_params["name"]))
    if path is None:
        return PlainTextResponse("There is no such backup.", 404)
    return FileResponse(path, media_type="application/zip", filename=path.name, headers={"cache-control": "no-store"})


def _kind(media_type: str) -> dict[str, str]:
    if media_type in IMAGE_TYPES.values() or is_played(media_type):
        return {"content-type": media_type}
    if media_type.startswith("text/") or media_type == "application/json":
        return {"content-type": "text/plain; charset=utf-8"}
    return {"content-type": "application/octet-stream", "content-disposition": "attachment"}
