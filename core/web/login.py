"""The operator's password and the signed cookie of somebody who gave it."""

import hashlib
import hmac
import time
from functools import lru_cache
from html import escape
from urllib.parse import quote, unquote

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

COOKIE = "aryabhatta_login"
_VALID_S = 7 * 86_400
_TRIES = 5
_PAUSE_S = 30.0
_NAME_CHARS = 60


class Login:
    """Checks one password, and remembers per address how often it was wrong."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._signer = _signer(password)
        self._wrong: dict[str, tuple[int, float]] = {}

    def who(self, cookie: str) -> str | None:
        """The name in a cookie that this password signed; None: nobody is signed in."""
        try:
            return unquote(self._signer.unsign(cookie, max_age=_VALID_S).decode())
        except BadSignature:
            return None

    async def answer(self, request: Request) -> Response:
        """The page that asks, or what follows from the form it sent."""
        if request.method != "POST":
            return page()
        client = request.client.host if request.client else ""
        if self._must_wait(client):
            return page("Too many tries. Wait half a minute.", 429)
        form = await request.form()
        name = str(form.get("name", "")).strip()[:_NAME_CHARS]
        if name and hmac.compare_digest(str(form.get("password", "")).encode(), self._password.encode()):
            self._wrong.pop(client, None)
            return self._welcome(name, secure=request.url.scheme == "https")
        self._wrong[client] = (self._wrong.get(client, (0, 0.0))[0] + 1, time.monotonic())
        return page("That password is not right." if name else "Give your name as well.", 401)

    def _must_wait(self, client: str) -> bool:
        tries, at = self._wrong.get(client, (0, 0.0))
        return tries >= _TRIES and time.monotonic() - at < _PAUSE_S

    def _welcome(self, name: str, *, secure: bool) -> Response:
        response = RedirectResponse("/", 303)
        value = self._signer.sign(quote(name)).decode()
        response.set_cookie(COOKIE, value, max_age=_VALID_S, httponly=True, samesite="lax", secure=secure)
        return response


@lru_cache(maxsize=4)
def _signer(password: str) -> TimestampSigner:
    """A new password makes every earlier cookie worthless."""
    key = hashlib.scrypt(password.encode(), salt=b"aryabhatta login", n=2**14, r=8, p=1)
    return TimestampSigner(key, salt="login")


def page(message: str = "", status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.replace("{message}", escape(message)), status)


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in · Aryabhatta</title><link rel="icon" href="data:,"><style>
:root{color-scheme:light dark;--page:#FDFCFA;--raised:#F5F2EC;--ink:#1D2430;--quiet:#5F6673;--edge:#E3DED4;
--accent:#2B4F9E;--on:#fff;--bad:#9A2E2E}
@media(prefers-color-scheme:dark){:root{--page:#12161D;--raised:#1A202A;--ink:#E4E7EC;--quiet:#A3ABB8;--edge:#2C3441;
--accent:#8FB0F5;--on:#12161D;--bad:#EFA09B}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);color:var(--ink);
font:15px/1.6 system-ui,sans-serif}
form{width:min(20rem,calc(100vw - 3rem));display:grid;gap:.75rem}
h1{font:600 1.75rem Georgia,serif;margin:0}p{margin:0;color:var(--quiet)}p[role=alert]{color:var(--bad)}
p[role=alert]:empty{display:none}
label{display:grid;gap:.25rem;font-size:.875rem;color:var(--quiet)}
input{font:inherit;color:var(--ink);padding:.55rem .75rem;border:1px solid var(--edge);border-radius:.5rem;
background:var(--raised)}
input:focus-visible,button:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
button{font:inherit;font-weight:600;padding:.6rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--on)}
</style><form method="post" action="/login"><h1>Aryabhatta</h1><p>Sign in to use this playground.</p>
<p role="alert">{message}</p>
<label>Your name, as it will stand beside what you do<input name="name" autocomplete="username" required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form></html>"""
