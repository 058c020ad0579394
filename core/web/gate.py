"""Who gets in. Pure ASGI around everything: screens, assets, Streamlit's own WebSocket and our routes."""

from collections.abc import Callable, Sequence
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import ConfigurationError
from core.settings import Settings
from core.web.addresses import host_of, is_loopback, same_origin
from core.web.login import COOKIE, Login

USER_HEADER = "x-aryabhatta-user"
OPEN = frozenset({"/healthz", "/_stcore/health"})
NEEDS_LOGIN = (
    "Aryabhatta does not listen on {where} without a login, since everybody on the network could then use it. "
    "Set a password in the environment or in .env (ARYABHATTA_PASSWORD=…), or listen on this machine only "
    "(streamlit run app.py --server.address 127.0.0.1)."
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Without a password: this machine only. With one: whoever gave it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Callable[[], Settings],
        address: Callable[[], str | None],
        keyed: Sequence[BaseRoute] = (),
    ) -> None:
        """`keyed`: routes that ask for an API key by themselves."""
        self.app = app
        self._keyed = keyed
        self._settings = settings
        self._address = address
        self._login: Login | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
            return
        scope = {**scope, "headers": [h for h in scope["headers"] if h[0].lower() != USER_HEADER.encode()]}
        refusal = self._refusal(scope)
        if refusal is None and self._login is not None:
            if scope["type"] == "http" and scope["path"] == "/login":
                refusal = await self._login.answer(Request(scope, receive))
            else:
                refusal = self._sign_in(scope, self._login)
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before the accept: the browser sees 403
        else:
            await refusal(scope, receive, send)

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse to start with a sentence; an exception here would reach the operator as a traceback."""
        try:
            message = self._configure()
        except ConfigurationError as error:
            message = str(error)
        if not message:
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.failed", "message": message})

    def _configure(self) -> str:
        """Read the settings; hand back why this server must not start, or nothing."""
        password = self._settings().password
        self._login = Login(password) if password else None
        address = self._address() or "0.0.0.0"  # noqa: S104 - what an unset address means to Streamlit
        return "" if self._login or is_loopback(address) else NEEDS_LOGIN.format(where=address)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self._login is None:
            server = scope.get("server")
            if server and server[1] is not None and not is_loopback(server[0]):
                return PlainTextResponse(NEEDS_LOGIN.format(where=server[0]), 403)
            if not is_loopback(host_of(headers.get("host", ""))):
                return PlainTextResponse("Open this server as http://localhost.", 403)
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        origin = headers.get("origin")
        if changes and origin is not None and not same_origin(origin, headers.get("host", "")):
            return PlainTextResponse("This request came from another site.", 403)
        return None

    def _sign_in(self, scope: Scope, login: Login) -> Response | None:
        """Name the person to the screens, or say what they have to do first."""
        headers = Headers(scope=scope)
        who = login.who(HTTPConnection(scope).cookies.get(COOKIE, ""))
        if who is not None:
            scope["headers"].append((USER_HEADER.encode(), quote(who, safe=" ").encode()))
            return None
        if scope["path"] in OPEN or any(route.matches(scope)[0] == Match.FULL for route in self._keyed):
            return None
        if "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return PlainTextResponse("Sign in first.", 401)
