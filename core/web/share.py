"""The page behind a share link: one conversation as text, without a script, a cookie or a way to anything else."""

import asyncio
from collections.abc import Iterator
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from core.bootstrap import App, get_app
from core.domain.attachment import Attachment
from core.domain.state import CallState, StepState
from core.errors import AryabhattaError
from core.services.conversation_files import outcome, said
from core.services.run_reading import RunView
from core.services.shares import Shared
from core.web.files import served_file
from core.web.markdown import as_html
from core.web.plain_page import plain_page

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
_GONE = "This link shows nothing. It may have been taken back, or its time is over."


async def shared_page(request: Request) -> Response:
    opened = await _opened(request)
    if isinstance(opened, Response):
        return opened
    token = str(request.path_params["token"])
    body = _BODY.format(
        title=escape(opened.title or "Conversation"),
        until=opened.share.expires_at.strftime("%Y-%m-%d"),
        turns="".join(_turn(view, token) for view in opened.runs),
    )
    return HTMLResponse(plain_page(opened.title or "Conversation", body), headers=_HEADERS)


async def shared_file(request: Request) -> Response:
    """A file beside a message of that conversation, and no other."""
    opened = await _opened(request)
    if isinstance(opened, Response):
        return opened
    sha256 = str(request.path_params["sha256"])
    if sha256 not in opened.files():
        return PlainTextResponse("There is no such file.", 404, _HEADERS)
    app = await asyncio.to_thread(get_app)
    found = await asyncio.to_thread(app.attachments.get, sha256)
    return served_file(found, _HEADERS, request.headers.get("range", ""))


async def _opened(request: Request) -> Shared | Response:
    def read() -> Shared | None:
        app: App = get_app()
        return app.shares.open(str(request.path_params["token"]))

    try:
        found = await asyncio.to_thread(read)
    except AryabhattaError:
        return _sentence("This server is not ready. Try again in a moment.", 503)
    return found or _sentence(_GONE, 404)


def _sentence(words: str, status: int) -> Response:
    return HTMLResponse(plain_page("Shared", f"<main><h1>Aryabhatta</h1><p>{words}</p></main>"), status, _HEADERS)


def _turn(view: RunView, token: str) -> str:
    head = escape(view.run.agent_name or "Answer")
    files = "".join(_file(one, token) for one in view.state.attachments)
    steps = "".join("".join(_step(step, token)) for step in view.state.steps)
    ended = "" if view.run.status == "done" else f"<p>{escape(view.run.status)}</p>"
    return (
        f'<section class="you"><h2>You</h2><div class="said">{escape(view.state.input)}</div>{files}</section>'
        f"<section><h2>{head}</h2>{steps}{ended}</section>"
    )


def _step(step: StepState, token: str) -> Iterator[str]:
    yield as_html(said(step))
    for call in step.calls:
        yield _call(call)
        yield from (_file(one, token) for one in (call.finished.files if call.finished else ()))


def _call(call: CallState) -> str:
    given, came = escape(call.arguments or call.call.arguments), escape(outcome(call))
    return f"<details><summary>{escape(call.call.name)}</summary><pre>{given}</pre><pre>{came}</pre></details>"


def _file(one: Attachment, token: str) -> str:
    address, name = f"/share/{escape(token)}/files/{escape(one.sha256)}", escape(one.name)
    if one.is_picture:
        return f'<p><a href="{address}"><img src="{address}" alt="{name}"></a></p>'
    if one.media_type.startswith(("audio/", "video/")):
        kind = one.media_type.partition("/")[0]
        return f'<p><{kind} controls preload="metadata" src="{address}"></{kind}><br>{name}</p>'
    return f'<p><a href="{address}">{name}</a></p>'


_BODY = """<style>
body{{place-items:start center}}main{{width:min(46rem,calc(100vw - 2rem));gap:1.25rem}}
section{{overflow-wrap:anywhere}}section p,section li{{color:var(--ink)}}section.you{{background:var(--raised);
padding:.75rem 1rem;border-radius:.5rem}}h2{{font:600 .8125rem system-ui,sans-serif;color:var(--quiet);margin:0 0 .25rem}}
.said{{white-space:pre-wrap}}pre{{white-space:pre-wrap;background:var(--raised);padding:.5rem .75rem;border-radius:.5rem;
font-size:.8125rem;max-height:24rem;overflow:auto}}section.you pre{{background:none}}
details{{border:1px solid var(--edge);border-radius:.5rem;padding:.4rem .75rem;margin:.5rem 0}}
summary{{cursor:pointer;font-family:ui-monospace,monospace;font-size:.875rem}}img{{max-width:100%;border-radius:.5rem}}
table{{border-collapse:collapse}}th,td{{border-bottom:1px solid var(--edge);padding:.25rem .75rem .25rem 0;text-align:left}}
</style><main><h1>{title}</h1><p>A conversation to read, shared until {until}. Nothing can be changed here.</p>
{turns}</main>"""
