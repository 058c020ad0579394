"""OAuth of the SDK over the guard: discovery, registration, PKCE, renewal. Only a person ever signs in.

Every request of it, also to addresses that a server's metadata names, goes through the guarded transport.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import msgspec
from mcp.client.auth import OAuthClientProvider, OAuthFlowError, TokenStorage
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)

from core.clients.mcp.tokens import TokenVault, keep, kept
from core.domain.canonical import Json
from core.domain.sign_in import KeptSignIn
from core.domain.tool_source import McpServer

NEEDED = "Sign in to this server on its page under Tools: it wants to know who asks."
_NOWHERE = "http://127.0.0.1/oauth/mcp"
"""Where nobody is sent back to: a run does not sign in."""
_NAME = "Aryabhatta"
Redirect = Callable[[str], Awaitable[None]]
Callback = Callable[[], Awaitable[AuthorizationCodeResult]]


class _Storage(TokenStorage):
    """Keeps what the SDK hands over, and with it where tokens are renewed, which the SDK forgets."""

    def __init__(self, server: McpServer, vault: TokenVault, sign_in: KeptSignIn, who: str) -> None:
        self._server, self._vault, self._sign_in, self._who = server, vault, sign_in, who
        self.provider: OAuthClientProvider | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return OAuthToken.model_validate(self._sign_in.tokens) if self._sign_in.tokens else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        context = self.provider.context if self.provider else None
        await self._change(
            tokens=_plain(tokens),
            expires_at_s=None if tokens.expires_in is None else time.time() + tokens.expires_in,
            issuer=_plain(context.oauth_metadata) if context and context.oauth_metadata else {},
            resource=_plain(found) if context and (found := context.protected_resource_metadata) else {},
            is_refused=False,
            who=self._who or self._sign_in.who,
        )

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return OAuthClientInformationFull.model_validate(self._sign_in.client) if self._sign_in.client else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        await self._change(client=_plain(client_info))

    async def refused(self) -> None:
        """The tokens are no good any more."""
        if self._sign_in.tokens:
            await self._change(is_refused=True)

    async def _change(self, **changes: Any) -> None:
        self._sign_in = msgspec.structs.replace(self._sign_in, **changes)
        await asyncio.to_thread(keep, self._vault, self._server, self._sign_in)


async def for_runs(server: McpServer, vault: TokenVault, sign_in: KeptSignIn) -> OAuthClientProvider:
    """Sends the tokens that are kept and renews them; where that is not enough a person has to sign in."""
    storage = _Storage(server, vault, sign_in, "")

    async def stop(_url: str) -> None:
        await storage.refused()
        raise OAuthFlowError(NEEDED)

    uris = sign_in.client.get("redirect_uris") or [_NOWHERE]
    return await _provider(server, sign_in, storage, str(uris[0]), stop, _nobody_comes)


async def _nobody_comes() -> AuthorizationCodeResult:
    raise OAuthFlowError(NEEDED)


async def for_person(
    server: McpServer, vault: TokenVault, redirect_uri: str, who: str, redirect: Redirect, callback: Callback
) -> OAuthClientProvider:
    """Signs a person in anew: no token is sent, and a registration holds only for the address that it names."""
    sign_in = await asyncio.to_thread(kept, vault, server)
    known = redirect_uri in map(str, sign_in.client.get("redirect_uris") or ())
    fresh = KeptSignIn(client=sign_in.client if known else {})
    return await _provider(server, fresh, _Storage(server, vault, fresh, who), redirect_uri, redirect, callback)


async def _provider(
    server: McpServer,
    sign_in: KeptSignIn,
    storage: _Storage,
    redirect_uri: str,
    redirect: Redirect,
    callback: Callback,
) -> OAuthClientProvider:
    # Its log would repeat every failure with a traceback; each of them is an answer here.
    logging.getLogger("mcp.client.auth").setLevel(logging.CRITICAL)
    metadata = OAuthClientMetadata(client_name=_NAME, redirect_uris=[redirect_uri])  # type: ignore[list-item]
    provider = OAuthClientProvider(server.url, metadata, storage, redirect, callback)
    storage.provider, context = provider, provider.context
    context.current_tokens, context.client_info = await storage.get_tokens(), await storage.get_client_info()
    context.token_expiry_time = sign_in.expires_at_s
    if sign_in.issuer:
        context.oauth_metadata = OAuthMetadata.model_validate(sign_in.issuer)
    if sign_in.resource:
        found = context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(sign_in.resource)
        context.auth_server_url = str(found.authorization_servers[0])
    return provider


def _plain(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = value.model_dump(mode="json", exclude_none=True)
    return plain


class SignedTransport(httpx2.AsyncBaseTransport):
    """Signs each request. What a person has to do first becomes an answer of status 401 that says so."""

    def __init__(self, guarded: httpx2.AsyncBaseTransport, server: McpServer, vault: TokenVault) -> None:
        self._guarded, self._server, self._vault = guarded, server, vault
        self._provider: OAuthClientProvider | None = None
        self._tokens: dict[str, Json] = {}

    async def _fresh(self) -> OAuthClientProvider:
        """Asked before each request: somebody may have signed in or out since, or another process renewed the tokens."""
        sign_in = await asyncio.to_thread(kept, self._vault, self._server)
        if self._provider is None or sign_in.tokens != self._tokens:
            self._tokens = sign_in.tokens
            self._provider = await for_runs(self._server, self._vault, sign_in)
        return self._provider

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        provider = await self._fresh()
        context = provider.context
        if context.current_tokens is None:
            return self._to_be_signed_in(request, NEEDED)
        if context.is_token_valid():
            # Not through the SDK, which sends one request at a time: an answer may take as long as a tool.
            request.headers["authorization"] = f"Bearer {context.current_tokens.access_token}"
            response = await self._guarded.handle_async_request(request)
            if response.status_code not in {401, 403}:
                return response
            await response.aclose()
            context.token_expiry_time = 1.0  # so that it is renewed, where the server gave the means
        client = httpx2.AsyncClient(transport=self._guarded, auth=provider)
        try:
            return await client.send(request, stream=True)
        except (OAuthFlowError, ValueError) as error:
            return self._to_be_signed_in(request, str(error) or NEEDED)

    def _to_be_signed_in(self, request: httpx2.Request, words: str) -> httpx2.Response:
        self._provider = None  # somebody may sign in before the next request
        return httpx2.Response(401, text=words, request=request)

    async def aclose(self) -> None:
        await self._guarded.aclose()
