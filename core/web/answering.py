"""The answer of a run over HTTP, as it comes or when it is whole, for a caller who may hang up."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Final
from uuid import UUID

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from core.bootstrap import App
from core.domain.completion import (
    DONE,
    Completion,
    FinishReason,
    Telling,
    answer_text,
    event,
    finish_reason,
    is_formatted,
)
from core.domain.frames import TextFrame
from core.domain.run import Run
from core.errors import Unavailable
from core.services.runs import RunView
from core.web.leaving import HUNG_UP, WHOLE, hear_hanging_up, hear_stopping, until_first
from core.web.refusals import ONCE, Problem, lost_sight, no_answer, stopping

OPENS_AFTER_S: Final = 5.0
"""So long a stream may still be refused with a status of its own; then it begins, whatever comes."""
COMMENT_S: Final = 10.0
"""Longest silence of a stream: proxies cut those that say nothing."""
_COMMENT: Final = b": the agent is at work\n\n"
_HUNG_UP: Final = "The caller hung up."
_OTHER_WORDS: Final = (
    "The answer began again with other words than those that were sent. Ask again with the same Idempotency-Key, "
    "or follow the run: the whole answer is there."
)


class RunAnswer:
    """Follows a run to its rest. When the caller hangs up and nobody can come back for it, the run is stopped."""

    def __init__(self, app: App, run: Run, headers: dict[str, str], *, goes_on: bool) -> None:
        self._app, self._run, self._goes_on = app, run, goes_on
        self._headers = {"x-run-id": str(run.id), "cache-control": "no-store"} | headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = await until_first(self._tell(scope, receive, send), hear_hanging_up(receive), hear_stopping())
        if first == HUNG_UP and not self._goes_on:
            await asyncio.to_thread(self._app.runs.cancel, self._run.id, self._run.created_by, _HUNG_UP)
        elif first not in {WHOLE, HUNG_UP}:
            await self._break_off(scope, receive, send)

    async def _break_off(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The server stops. The run goes on when it, or another, starts."""
        await stopping(self._run).response()(scope, receive, send)

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._app.runs.follow(self._run.id)) as news:
                async for _ in news:
                    pass
            response = self._whole(await seen(self._app, self._run.id))
        except Unavailable:
            response = lost_sight(self._run).response()
        response.headers.update(self._headers)
        await response(scope, receive, send)

    def _whole(self, view: RunView) -> JSONResponse:
        reason = finish_reason(view.state)
        if reason is None:
            return no_answer(view.run, view.state).response()
        return JSONResponse(Completion(view.run).whole(answer_text(view.state), reason, view.run.totals.usage))


class StreamedAnswer(RunAnswer):
    """The same as server-sent events. What goes wrong before the first of them has a status of its own."""

    def __init__(self, app: App, run: Run, headers: dict[str, str], *, goes_on: bool, with_usage: bool) -> None:
        super().__init__(app, run, headers, goes_on=goes_on)
        self._with_usage = with_usage

        self._is_open = False

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = _Stream(send, self._headers, Completion(self._run), self._opened)
        try:
            problem = await self._pieces(stream)
        except Unavailable:
            problem = lost_sight(self._run)
        if problem is not None:
            await self._fail(problem, scope, receive, send)

    def _opened(self) -> None:
        self._is_open = True

    async def _break_off(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._fail(stopping(self._run), scope, receive, send)

    async def _fail(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        """The error object as the last event, which OpenAI's client raises; before the first one with its status."""
        if self._is_open:
            await send({"type": "http.response.body", "body": event(problem.body()), "more_body": False})
            return
        response = problem.response()
        response.headers.update(self._headers)
        await response(scope, receive, send)

    async def _pieces(self, stream: "_Stream") -> Problem | None:
        """Send the text as it comes and how it ended, or say why there is no end to be sent."""
        spec = (await seen(self._app, self._run.id)).state.spec
        tells = not is_formatted(spec)
        async with aclosing(self._app.runs.follow(self._run.id)) as news:
            async for frames in news:
                texts = [frame for frame in frames if tells and isinstance(frame, TextFrame)]
                if problem := await stream.say(texts):
                    return problem
        view = await seen(self._app, self._run.id)
        reason = finish_reason(view.state)
        if reason is None:
            return no_answer(view.run, view.state)
        await stream.end(view, reason, with_usage=self._with_usage)
        return None


class _Stream:
    """The events of one answer."""

    def __init__(
        self, send: Send, headers: dict[str, str], completion: Completion, on_open: Callable[[], None]
    ) -> None:
        self._send, self._headers, self._completion, self._on_open = send, headers, completion, on_open
        self._telling = Telling()
        self._last_s = time.monotonic()
        self.is_open = False

    async def say(self, frames: list[TextFrame]) -> Problem | None:
        """What is new in these, or a sign of life; a problem when the answer contradicts what was said."""
        for frame in frames:
            text = self._telling.hear(frame)
            if text is None:
                return Problem(status=500, message=_OTHER_WORDS, code="answer_restarted", headers=ONCE)
            if text:
                await self._write(self._completion.piece(text))
        silent_s = time.monotonic() - self._last_s
        if silent_s > (COMMENT_S if self.is_open else OPENS_AFTER_S):
            await self._write(_COMMENT)
        return None

    async def end(self, view: RunView, reason: FinishReason, *, with_usage: bool) -> None:
        """The rest of the answer and how it ended."""
        if rest := self._telling.rest(answer_text(view.state)):
            await self._write(self._completion.piece(rest))
        await self._write(self._completion.last(reason))
        if with_usage:
            await self._write(self._completion.usage(view.run.totals.usage))
        await self._write(DONE, more=False)

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        if not self.is_open:
            await self._open()
        self._last_s = time.monotonic()
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _open(self) -> None:
        self.is_open = True
        self._on_open()
        headers = {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"} | self._headers
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        await self._write(self._completion.first())


async def seen(app: App, run_id: UUID) -> RunView:
    """A run that is known to be here, as it stands now."""
    view = await asyncio.to_thread(app.runs.view, run_id)
    assert view is not None, f"run {run_id} is gone"
    return view
