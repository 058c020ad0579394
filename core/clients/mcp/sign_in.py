"""A person signs in to an MCP server: begun here, gone on with in their browser, finished here."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthFlowError
from mcp.shared.auth import AuthorizationCodeResult

from core.clients.guard import RefusedError
from core.clients.mcp.errors import refused
from core.clients.mcp.http import guarded_transport
from core.clients.mcp.oauth import for_person
from core.clients.mcp.tokens import TokenVault
from core.domain.tool_source import McpServer

PATIENCE_S = 600.0
"""How long a person is given in their browser."""
_ANSWER_S = 30.0
_HELLO = {"jsonrpc": "2.0", "id": 0, "method": "ping"}
_GONE = "This sign-in is not under way here any more. Begin it again."


class _Pending:
    """One sign-in between its beginning and its end."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.url: asyncio.Future[str] = loop.create_future()
        self.code: asyncio.Future[AuthorizationCodeResult] = loop.create_future()
        self.task: asyncio.Task[None]

    async def redirect(self, url: str) -> None:
        self.url.set_result(url)

    async def callback(self) -> AuthorizationCodeResult:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.code
        except TimeoutError:
            raise OAuthFlowError("Nobody signed in.") from None


class SignIns:
    """Those under way on this loop, by the `state` that only the browser and the server know."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}

    async def begin(self, server: McpServer, vault: TokenVault, redirect_uri: str, who: str) -> str:
        """The address that the person is to open. Raises `FaultError`."""
        pending = _Pending()
        pending.task = asyncio.create_task(_signed_in(pending, server, vault, redirect_uri, who), name="mcp sign-in")
        either: set[asyncio.Future[Any]] = {pending.url, pending.task}
        await asyncio.wait(either, timeout=_ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        if pending.url.done():
            (state,) = parse_qs(urlsplit(pending.url.result()).query)["state"]
            self._pending[state] = pending
            pending.task.add_done_callback(lambda _: self._pending.pop(state, None))
            return pending.url.result()
        if not pending.task.done():
            pending.task.cancel()
            raise refused(f"The server did not say within {_ANSWER_S:g} seconds where to sign in.", "timeout")
        pending.task.result()
        raise refused("The server asks nobody to sign in.", "unsupported")

    async def finish(self, state: str, code: str, issuer: str | None, error: str) -> None:
        """The person is back with a code, or with what the server said instead. Raises `FaultError`."""
        pending = self._pending.pop(state, None)
        if pending is None or pending.code.done():
            raise refused(_GONE, "auth")
        if error or not code:
            pending.code.set_exception(OAuthFlowError(f"The server did not let you in: {error or 'it gave no code'}."))
        else:
            pending.code.set_result(AuthorizationCodeResult(code=code, state=state, iss=issuer))
        async with asyncio.timeout(_ANSWER_S):
            await asyncio.shield(pending.task)


async def _signed_in(pending: _Pending, server: McpServer, vault: TokenVault, redirect_uri: str, who: str) -> None:
    """Ask anything; the server's refusal begins the sign-in. Raises `FaultError`."""
    try:
        provider = await for_person(server, vault, redirect_uri, who, pending.redirect, pending.callback)
        transport = await guarded_transport(server.allow_hosts)
        async with httpx2.AsyncClient(transport=transport, auth=provider, timeout=_ANSWER_S) as client:
            accept = "application/json, text/event-stream"
            async with client.stream("POST", server.url, json=_HELLO, headers={"accept": accept}):
                pass
    except (OAuthFlowError, ValueError) as error:
        raise refused(f"The sign-in failed: {error}", "auth") from None
    except (RefusedError, httpx2.HTTPError) as error:
        raise refused(f"The sign-in failed: {str(error) or type(error).__name__}") from None
