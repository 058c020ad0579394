"""A run of a published agent as a resource: begin it, look at it, stop it. Nobody has to keep a connection open."""

import asyncio
from contextlib import aclosing, suppress
from typing import Final
from urllib.parse import quote
from uuid import UUID

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.bootstrap import App
from core.domain.asked import read_run
from core.domain.canonical import Json
from core.domain.completion import usage_of
from core.domain.run import Run
from core.domain.state import RunState
from core.errors import Fault
from core.services.run_watch import RESTING
from core.services.runs import RunView
from core.web.answering import seen
from core.web.keyed import Call, begin, given, replayed
from core.web.leaving import HUNG_UP, hear_hanging_up, hear_stopping, until_first
from core.web.refusals import Problem, Refusal, in_our_words, run_link

LONGEST_WAIT_S: Final = 600.0
_BAD_WAIT: Final = f"`wait_s` is a number of seconds from 0 to {LONGEST_WAIT_S:g}."
_NO_SUCH_RUN: Final = "This key began no such run of this agent."


async def begin_run(call: Call) -> ASGIApp:
    """200 and the result when it rests in time, else 202."""
    await call.spend()
    asked, question = given(read_run(await call.body()))
    wait_s = _wait(asked.wait_s)
    begun = await begin(call, _agent_name(call), question)
    return RunResult(call.app, begun.run, wait_s, replayed(begun), begins=True)


async def look_at_run(call: Call) -> ASGIApp:
    """The run as it stands, or as it rests within `?wait_s=`."""
    try:
        wait_s = _wait(float(call.request.query_params.get("wait_s", 0)))
    except ValueError:
        raise Refusal(Problem(status=400, message=_BAD_WAIT, code="invalid_request", param="wait_s")) from None
    return RunResult(call.app, await _own_run(call), wait_s, {})


async def cancel_run(call: Call) -> ASGIApp:
    """Stop it. One that has ended stays as it is."""
    run = await _own_run(call)
    cancel = call.app.runs.cancel
    given(await asyncio.to_thread(cancel, run.id, run.created_by, "The caller asked for it."))
    return RunResult(call.app, run, 0.0, {})


class RunResult:
    """Waits for the run to rest, not longer than `wait_s`, and says how it stands. It goes on when the caller leaves."""

    def __init__(self, app: App, run: Run, wait_s: float, headers: dict[str, str], *, begins: bool = False) -> None:
        self._app, self._run, self._wait_s, self._begins = app, run, wait_s, begins
        self._headers = {"x-run-id": str(run.id), "cache-control": "no-store"} | headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await until_first(self._rest(), hear_hanging_up(receive), hear_stopping()) != HUNG_UP:
            await (await self._response())(scope, receive, send)

    async def _rest(self) -> None:
        if not self._wait_s:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s), aclosing(self._app.runs.follow(self._run.id)) as news:
                async for _ in news:
                    pass

    async def _response(self) -> Response:
        view = await seen(self._app, self._run.id)
        status = 200 if view.run.status in RESTING or not self._begins else 202
        place = f"/api/agents/{quote(view.run.agent_name, safe='')}/runs/{view.run.id}"
        return JSONResponse(run_object(view), status, self._headers | {"location": place})


def run_object(view: RunView) -> dict[str, Json]:
    """How a run stands, in the words of `python -m core run --json`."""
    run, state = view.run, view.state
    fault = state.ended.error if state.ended else None
    return run_link(run) | {
        "status": run.status,
        "agent": run.agent_name,
        "revision": run.revision,
        "output": _output(state),
        "error": None if fault is None else _error(fault),
        "waiting_for": _questions(state),
        "steps": run.totals.steps,
        "calls": {"executed": run.totals.calls_executed, "refused": run.totals.calls_refused},
        "usage": None if run.totals.usage is None else usage_of(run.totals.usage),
    }


def _output(state: RunState) -> str:
    """The answer; of a run that failed the partial text, which stays visible."""
    failed = state.steps[-1].model.gave_up if state.steps else None
    return (state.ended.output if state.ended else "") or (failed.output if failed else "")


def _error(fault: Fault) -> dict[str, Json]:
    return {"kind": fault.kind, "message": in_our_words(fault), "retry_after_s": fault.retry_after_s}


def _questions(state: RunState) -> list[dict[str, Json]]:
    """The calls that a person has to decide about."""
    calls = [call for step in state.steps for call in step.calls] if state.ended is None else []
    return [
        {"call": call.effect, "tool": call.call.name, "why": "unknown" if call.unknown else "approval"}
        for call in calls
        if state.status_of(call) in {"asked", "unknown"}
    ]


async def _own_run(call: Call) -> Run:
    """The run in the address. Raises `Refusal` when this key did not begin it."""
    try:
        run_id = UUID(str(call.request.path_params["run_id"]))
    except ValueError:
        raise Refusal(Problem(status=404, message=_NO_SUCH_RUN, code="run_not_found")) from None
    run = await asyncio.to_thread(call.app.api_runs.get, call.key, _agent_name(call), run_id)
    if run is None:
        raise Refusal(Problem(status=404, message=_NO_SUCH_RUN, code="run_not_found"))
    return run


def _agent_name(call: Call) -> str:
    return str(call.request.path_params["name"])


def _wait(wait_s: float) -> float:
    if not 0 <= wait_s <= LONGEST_WAIT_S:
        raise Refusal(Problem(status=400, message=_BAD_WAIT, code="invalid_request", param="wait_s"))
    return wait_s
