"""Who gets in. Pure ASGI around everything: screens, assets, Streamlit's own WebSocket and our routes."""

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from core.bootstrap import get_app
from core.errors import AryabhattaError, ConfigurationError
from core.services.sign_in import SignedIn, SignInService
from core.settings import Settings
from core.web import account, login
from core.web.addresses import host_of, is_loopback, same_origin
from core.web.sockets import while_signed_in
from core.web.ways import Need, need

USER_HEADER = "x-aryabhatta-user"
SIGN_IN_HEADER = "x-aryabhatta-sign-in"
_OURS = frozenset({USER_HEADER.encode(), SIGN_IN_HEADER.encode()})
NEEDS_LOGIN = (
    "Aryabhatta does not listen on {where} without a login, since everybody on the network could then use it. "
    "Set a password in the environment or in .env (ARYABHATTA_PASSWORD=…), add an operator "
    "(python -m core person add NAME --role operator), or listen on this machine only "
    "(streamlit run app.py --server.address 127.0.0.1)."
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_YET = "The database does not answer, so nobody can be let in. Try again in a moment."


class Gate:
    """Without people and without a password: this machine only. Else: whoever is signed in, as far as their role goes."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Callable[[], Settings],
        address: Callable[[], str | None],
        sign_ins: Callable[[], SignInService] = lambda: get_app().sign_ins,
        keyed: Sequence[BaseRoute] = (),
    ) -> None:
        """`keyed`: routes that ask for an API key by themselves."""
        self.app = app
        self._settings, self._address, self._sign_ins = settings, address, sign_ins
        self._keyed = keyed
        self._has_password = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
            return
        scope = {**scope, "headers": [h for h in scope["headers"] if h[0].lower() not in _OURS]}
        answer = _cross_site(scope) or await self._judge(scope, receive)
        if isinstance(answer, SignedIn):
            receive, send = self._watched(scope, answer, receive, send)
        if answer is None or isinstance(answer, SignedIn):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before the accept: the browser sees 403
        else:
            await answer(scope, receive, send)

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse to start with a sentence; an exception here would reach the operator as a traceback."""
        try:
            message = await asyncio.to_thread(self._configure)
        except ConfigurationError as error:
            message = str(error)
        if not message:
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.failed", "message": message})

    def _configure(self) -> str:
        """Read the settings; hand back why this server must not start, or nothing."""
        self._has_password = bool(self._settings().password)
        address = self._address() or "0.0.0.0"  # noqa: S104 - what an unset address means to Streamlit
        if self._has_password or is_loopback(address):
            return ""
        try:
            return "" if self._sign_ins().needed() else NEEDS_LOGIN.format(where=address)
        except AryabhattaError as error:
            return f"{error} Without it nobody knows who may sign in, so this server does not listen on {address}."

    async def _judge(self, scope: Scope, receive: Receive) -> SignedIn | Response | None:
        """The person behind a request, what to answer instead, or None: it needs nobody."""
        method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
        is_keyed = any(route.matches(scope)[0] == Match.FULL for route in self._keyed)
        needed = "none" if is_keyed else need(scope["path"], method)
        try:
            if not await self._is_login_needed():
                return _local_only(scope) or (PlainTextResponse("Not here.", 404) if needed == "closed" else None)
            return await self._signed_in(scope, receive, needed)
        except AryabhattaError:
            return self._without_database(scope, needed)

    async def _signed_in(self, scope: Scope, receive: Receive, needed: Need) -> SignedIn | Response | None:
        sign_ins = await asyncio.to_thread(self._sign_ins)
        if scope["path"] == "/login":
            return await login.answer(Request(scope, receive), sign_ins)
        found = await asyncio.to_thread(sign_ins.who, HTTPConnection(scope).cookies.get(login.COOKIE, ""))
        if needed == "none":
            return None
        if found is None:
            return _sign_in_first(scope)
        if needed == "closed" or not found.person.may(needed):
            return PlainTextResponse(f"This is not for a {found.person.role}.", 403)
        if scope["path"] == "/account":
            return await account.answer(Request(scope, receive), sign_ins, found)
        scope["headers"] += [
            (USER_HEADER.encode(), quote(found.person.name, safe=" ").encode()),
            (SIGN_IN_HEADER.encode(), str(found.id).encode()),
        ]
        return found

    async def _is_login_needed(self) -> bool:
        return self._has_password or await asyncio.to_thread(lambda: self._sign_ins().needed())

    def _without_database(self, scope: Scope, needed: Need) -> Response | None:
        """A local server's screens say themselves what is missing; nobody else is let in without knowing them."""
        if needed == "none":
            return None
        if self._has_password or scope["path"].startswith("/api/"):
            return HTMLResponse(login.message_page(_NOT_YET), 503)
        return _local_only(scope)

    def _watched(self, scope: Scope, found: SignedIn, receive: Receive, send: Send) -> tuple[Receive, Send]:
        if scope["type"] != "websocket":
            return receive, send
        token = HTTPConnection(scope).cookies.get(login.COOKIE, "")
        return while_signed_in(lambda: self._sign_ins().who(token), found, receive, send)


def _local_only(scope: Scope) -> Response | None:
    """Nobody is asked who they are, so nobody but this machine is served."""
    server = scope.get("server")
    if server and server[1] is not None and not is_loopback(server[0]):
        return PlainTextResponse(NEEDS_LOGIN.format(where=server[0]), 403)
    if not is_loopback(host_of(Headers(scope=scope).get("host", ""))):
        return PlainTextResponse("Open this server as http://localhost.", 403)
    return None


def _cross_site(scope: Scope) -> Response | None:
    headers = Headers(scope=scope)
    changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
    origin = headers.get("origin")
    if changes and origin is not None and not same_origin(origin, headers.get("host", "")):
        return PlainTextResponse("This request came from another site.", 403)
    return None


def _sign_in_first(scope: Scope) -> Response:
    if "text/html" not in Headers(scope=scope).get("accept", ""):
        return PlainTextResponse("Sign in first.", 401)
    query = scope.get("query_string", b"").decode("latin-1")
    back = scope["path"] + (f"?{query}" if query else "")
    return RedirectResponse("/login" if back == "/" else f"/login?next={quote(back, safe='')}", 303)
