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
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
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
    return served_file(found, asked=request.headers.get("range", ""))


def served_file(found: StoredFile | None, more: Mapping[str, str] = MappingProxyType({}), asked: str = "") -> Response:
    """`more`: headers in place of the usual ones; the sandbox stays. `asked`: the part that is wanted, as `Range`."""
    if found is None:
        return PlainTextResponse("There is no such file.", 404)
    sandbox = {"content-security-policy": _HEADERS["content-security-policy"]}
    return _whole_or_part(found.content, _HEADERS | dict(more) | sandbox | _kind(found.media_type), asked)


def _whole_or_part(content: bytes, headers: dict[str, str], asked: str) -> Response:
    """Players ask for a part of a sound or a video (RFC 9110, 14), and some play nothing that has no parts."""
    headers = headers | {"accept-ranges": "bytes"}
    wanted = _RANGE.fullmatch(asked)
    if wanted is None or not any(wanted.groups()):
        return Response(content, headers=headers)
    start, end = (int(text) if text else None for text in wanted.groups())
    first = max(0, len(content) - (end or 0)) if start is None else start
    last = len(content) - 1 if start is None or end is None else min(end, len(content) - 1)
    if first > last:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{len(content)}"})
    part = headers | {"content-range": f"bytes {first}-{last}/{len(content)}"}
    return Response(content[first : last + 1], 206, headers=part)


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
