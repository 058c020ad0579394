"""The page that asks who somebody is, and the cookie of those who said it."""

import asyncio
import re
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.domain.result import Err
from core.services.sign_in import GOOD_FOR, SignInService
from core.web.plain_page import plain_page

COOKIE = "aryabhatta_login"
_WITHIN = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f]*")
_STATUS = {"invalid": 401, "refused": 401, "unavailable": 429}
_FORM_BYTES = 20_000


async def answer(request: Request, sign_ins: SignInService) -> Response:
    """The form, or what follows from it."""
    if request.method != "POST":
        return page(back=request.query_params.get("next", ""))
    if int(request.headers.get("content-length", "0") or 0) > _FORM_BYTES:
        return page("That is too long.", 413)
    form = await request.form(max_files=0, max_fields=8, max_part_size=_FORM_BYTES)
    name, password, back = (str(form.get(field, "")) for field in ("name", "password", "next"))
    client = request.client.host if request.client else ""
    result = await asyncio.to_thread(sign_ins.sign_in, name, password, client)
    if isinstance(result, Err):
        return page(result.message, _STATUS[result.kind], back=back, name=name)
    response = RedirectResponse(_within(back), 303)
    set_cookie(response, request, result.value)
    return response


def set_cookie(response: Response, request: Request, token: str) -> None:
    seconds = int(GOOD_FOR.total_seconds())
    is_https = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=seconds, httponly=True, samesite="lax", secure=is_https)


def page(message: str = "", status: int = 200, *, back: str = "", name: str = "") -> HTMLResponse:
    body = _FORM.format(message=escape(message), back=escape(_within(back)), name=escape(name))
    return HTMLResponse(plain_page("Sign in", body), status, {"cache-control": "no-store"})


def message_page(message: str) -> str:
    """One sentence, for a request that cannot be answered now."""
    return plain_page("Not now", f'<main><h1>Aryabhatta</h1><p role="alert">{escape(message)}</p></main>')


def _within(back: str) -> str:
    """Never to another site."""
    return back if _WITHIN.fullmatch(back) else "/"


_FORM = """<form method="post" action="/login"><h1>Aryabhatta</h1><p>Sign in to use this playground.</p>
<p role="alert">{message}</p><input type="hidden" name="next" value="{back}">
<label>Your name, as it stands beside what you do
<input name="name" value="{name}" autocomplete="username" maxlength="60" required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>"""
