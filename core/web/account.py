"""Who you are here: sign out, sign out everywhere. Outside the screens, since a cookie is taken back here."""

import asyncio
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.services.sign_in import SignedIn, SignInService
from core.web import login
from core.web.plain_page import plain_page

_MAY = {
    "viewer": "You may look at everything and change nothing.",
    "builder": "You may chat, edit agents, tools and prompts, and run evaluations.",
    "operator": "You may do everything, settings, secrets and people included.",
}


async def answer(request: Request, sign_ins: SignInService, found: SignedIn) -> Response:
    if request.method != "POST":
        return _page(found)
    form = await request.form(max_files=0, max_fields=8, max_part_size=1_000)
    everywhere = form.get("where") == "everywhere"
    await asyncio.to_thread(sign_ins.sign_out, found.id, found.person, everywhere=everywhere)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(login.COOKIE, httponly=True, samesite="lax")
    return response


def _page(found: SignedIn) -> Response:
    person = found.person
    body = _BODY.format(name=escape(person.name), role=person.role, may=_MAY[person.role])
    return HTMLResponse(plain_page("Account", body), headers={"cache-control": "no-store"})


_BODY = """<form method="post" action="/account"><h1>{name}</h1><p>Signed in as {role}. {may}</p>
<button name="where" value="here">Sign out</button>
<button name="where" value="everywhere" class="calm">Sign out everywhere</button>
<p><a href="/">Back to the playground</a></p></form>"""
