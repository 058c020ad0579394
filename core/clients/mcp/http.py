"""HTTP to one MCP server, through the guard. What goes wrong with a request becomes that request's answer.

The library's transport ends the whole session when a request does not get through; here each failure is a JSON-RPC
error under a code of ours, so that one lost call leaves the others alone and says whether anything was sent.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import partial

import httpx2
import msgspec

from core.clients.addresses import allowed_host
from core.clients.guard import GuardedTransport, RefusedError
from core.clients.mcp.errors import ANSWERED, LOST, NOT_SENT, SESSION_GONE
from core.domain.canonical import Json

ANSWER_LIMIT_BYTES = 20_000_000
_SAID_CHARS = 500
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0, read=900.0)
"""An answer may take as long as the tool; the caller has a limit of its own."""
_SESSION_HEADER = "mcp-session-id"
_JSON = "application/json"
_EVENTS = "text/event-stream"
_Fail = Callable[[int, str], httpx2.Response]


async def guarded_transport(allow_hosts: tuple[str, ...]) -> GuardedTransport:
    """Connections that serve one server alone, to public or allowed hosts."""
    tls: ssl.SSLContext = await asyncio.to_thread(httpx2.create_ssl_context)  # reading the certificates takes 25 ms
    allowed = tuple(allowed_host(host) for host in allow_hosts)
    return GuardedTransport(allowed, ssl_context=tls, kept_connections=4)


def http_client(headers: Mapping[str, str], transport: httpx2.AsyncBaseTransport) -> httpx2.AsyncClient:
    """A client for one server. Nothing of this machine goes along."""
    return httpx2.AsyncClient(transport=AnsweringTransport(transport), headers=dict(headers), timeout=_TIMEOUT)


class AnsweringTransport(httpx2.AsyncBaseTransport):
    """Gives every message that wants an answer one that the library can read."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "POST":
            return await self._inner.handle_async_request(request)
        fail = partial(_failure, _id_of(request))
        try:
            response = await self._inner.handle_async_request(request)
        except (RefusedError, httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return fail(NOT_SENT, str(error) or "no connection")
        except httpx2.TransportError as error:
            return fail(LOST, str(error) or type(error).__name__)
        return await _readable(response, fail, has_session=_SESSION_HEADER in request.headers)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _readable(response: httpx2.Response, fail: _Fail, *, has_session: bool) -> httpx2.Response:
    """The server's answer where the library understands it, else what is to be told of it."""
    status, media_type = response.status_code, response.headers.get("content-type", "").partition(";")[0].strip()
    is_stream = status < 300 and media_type == _EVENTS
    if is_stream or 300 <= status < 400 or status == 202:
        return response
    try:
        said = await _said(response)
    except httpx2.HTTPError as error:
        return fail(LOST, f"the answer broke off: {str(error) or type(error).__name__}")
    if len(said) > ANSWER_LIMIT_BYTES:
        return fail(LOST, f"the answer is longer than {ANSWER_LIMIT_BYTES:,} bytes")
    if _is_rpc(said):
        kept = {name: value for name, value in response.headers.items() if name == _SESSION_HEADER}
        return httpx2.Response(status, headers={**kept, "content-type": _JSON}, content=said)
    words = f"HTTP {status} {said.decode('utf-8', 'replace')[:_SAID_CHARS]}".strip()
    if status < 300:
        return fail(LOST, f"the answer is none: {words}")
    if status == 404 and has_session:
        return fail(SESSION_GONE, "the server has forgotten the session; the next call begins a new one")
    return fail(ANSWERED, words)


async def _said(response: httpx2.Response) -> bytes:
    body = bytearray()
    try:
        async for part in response.aiter_bytes():
            body += part
            if len(body) > ANSWER_LIMIT_BYTES:
                break
    finally:
        await response.aclose()
    return bytes(body)


def _is_rpc(said: bytes) -> bool:
    answer = _json(said)
    return isinstance(answer, dict) and (isinstance(answer.get("error"), dict) or "result" in answer)


def _id_of(request: httpx2.Request) -> Json:
    message = _json(request.content)
    return message.get("id") if isinstance(message, dict) else None


def _json(text: bytes) -> Json:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _failure(request_id: Json, code: int, message: str) -> httpx2.Response:
    if request_id is None:  # nobody waits for an answer
        return httpx2.Response(202)
    error = {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}
    return httpx2.Response(200, headers={"content-type": _JSON}, content=msgspec.json.encode(error))
