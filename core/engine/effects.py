"""The two effects a run has: asking the model and calling a tool. Each gives its intent, then its outcome."""

import asyncio
import json
from datetime import datetime
from functools import partial

import msgspec

from core.domain.canonical import Json
from core.domain.event import Decision, Fact, Finished, Lost, Request, Started, Unknown, model_effect
from core.domain.journal import Partial
from core.domain.message import Usage
from core.domain.model_call import Delta, ModelRequest, Reply
from core.domain.purse import Charge
from core.domain.serving import served_elsewhere
from core.domain.spending import charge_of, used_usd
from core.domain.state import RunState
from core.domain.tool import Caller, ToolRequest, ToolResult
from core.engine.actions import CallModel, ToolStart
from core.engine.ports import Ports
from core.engine.questions import Questions
from core.engine.requests import Requests
from core.engine.transcript import files_at_hand
from core.errors import Fault, FaultError, OutcomeUnknown

CHECKED = "The answer to this call was lost. By its tool's status check it happened:"
"""What a model is told before a result that a status check found."""
CHECKPOINT_S = 1.0
"""A crash loses at most this much of the text a person has seen."""


class ModelEffect:
    """One model request of one step."""

    def __init__(self, state: RunState, action: CallModel, ports: Ports, requests: Requests) -> None:
        self._state, self._action, self._ports = state, action, ports
        self._effect = model_effect(action.step)
        self._body = requests.next(state)
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._saved_at: datetime = ports.now()

    async def intent(self, waited_s: float) -> Started:
        """The entry that has to be durable before the request leaves, after `waited_s` in line."""
        body = self._body
        request = Request(sha256=body.sha256, size_bytes=len(body.content), messages=body.messages)
        lost = await self._lost(self._action.lost) if self._action.lost else None
        attempt = self._action.attempt
        return Started(effect=self._effect, attempt=attempt, request=request, lost=lost, waited_s=waited_s)

    async def run(self) -> Fact:
        """Ask once. A cancelled request leaves its partial text behind as an outcome."""
        started = self._ports.now()
        try:
            reply = await self._ask()
        except asyncio.CancelledError:
            reply = Reply(
                text="".join(self._text),
                reasoning="".join(self._reasoning),
                fault=Fault("cancelled", "Stopped by a person."),
            )
        return self._outcome(reply, milliseconds_since(started, self._ports.now()))

    async def _ask(self) -> Reply:
        """The model's reply, unless a tool that it would be told of is no longer what was pinned."""
        spec = self._state.spec
        if fault := await self._ports.tools.fault(spec.tools, is_first=self._action.step == 1):
            return Reply(fault=fault)
        request = ModelRequest(
            endpoint=spec.endpoint,
            model=spec.model,
            body=self._body.content,
            key=f"{self._state.run_id}/{self._effect}",
            time_limit_s=seconds_left(self._state),
        )
        size_bytes = len(self._body.content)
        charge = charge_of(spec, self._state.run_id, self._effect, self._action.attempt, size_bytes)
        return await self._paid(request, charge) if charge else await self._ports.model.ask(request, self._on_delta)

    async def _paid(self, request: ModelRequest, charge: Charge) -> Reply:
        """Ask once the most it may cost is set aside. A call that never says what it used has cost that."""
        purse = self._state.spec.purse
        if fault := await self._ports.till.reserve(charge, seconds_left(self._state)):
            return Reply(fault=fault)
        reply = await self._ports.model.ask(request, self._on_delta)
        cost_usd = used_usd(reply.usage, purse.price if purse else None, charge.usd)
        await self._ports.till.settle(msgspec.structs.replace(charge, usd=cost_usd))
        return reply

    def _outcome(self, reply: Reply, took_ms: float) -> Fact:
        notes = self._notes(reply)
        if reply.fault is None:
            return Decision(
                step=self._action.step,
                effect=self._effect,
                attempt=self._action.attempt,
                text=reply.text,
                reasoning=reply.reasoning,
                calls=reply.calls,
                finish_reason=reply.finish_reason,
                usage=reply.usage,
                exchange=reply.exchange,
                notes=notes,
            )
        return Finished(
            effect=self._effect,
            attempt=self._action.attempt,
            output=reply.text,
            reasoning=reply.reasoning,
            calls=reply.calls,
            error=reply.fault,
            took_ms=took_ms,
            usage=reply.usage,
            exchange=reply.exchange,
            notes=notes,
        )

    def _notes(self, reply: Reply) -> tuple[str, ...]:
        """What the client noted, and who answered in place of whom. A replayed reply has that note already."""
        elsewhere = served_elsewhere(self._state.spec, reply.exchange.provider)
        return reply.notes if not elsewhere or elsewhere in reply.notes else (*reply.notes, elsewhere)

    def _on_delta(self, delta: Delta) -> None:
        self._text.append(delta.text)
        self._reasoning.append(delta.reasoning)
        self._ports.observer.delta(self._state.run_id, self._effect, self._action.attempt, delta)
        now = self._ports.now()
        if (now - self._saved_at).total_seconds() >= CHECKPOINT_S:
            self._saved_at = now
            self._ports.journal.checkpoint(self._state.run_id, self._state.epoch, self._partial())

    def _partial(self) -> Partial:
        return Partial(
            effect=self._effect,
            attempt=self._action.attempt,
            text="".join(self._text),
            reasoning="".join(self._reasoning),
        )

    async def _lost(self, lost: Lost) -> Lost:
        """What the dead worker's checkpoint still knows of the attempt that is repeated now."""
        partial = await self._ports.journal.partial(self._state.run_id)
        if partial is None or (partial.effect, partial.attempt) != (self._effect, lost.attempt):
            return lost
        return Lost(attempt=lost.attempt, text=partial.text, reasoning=partial.reasoning)


class ToolEffect:
    """One tool call, decided, judged and journaled; or, where its outcome is unknown, a look at what became of it."""

    def __init__(self, state: RunState, start: ToolStart, ports: Ports, questions: Questions) -> None:
        self._state, self._start, self._ports, self._questions = state, start, ports, questions
        self._key = f"{state.run_id}/{start.effect}"

    def intent(self) -> Started:
        """The entry that has to be durable before the call is made."""
        return Started(
            effect=self._start.effect,
            attempt=self._start.attempt,
            name=self._start.tool.name,
            arguments=self._start.arguments,
            key=self._key,
            lost=self._start.lost,
            is_check=self._start.is_check,
        )

    async def run(self) -> Fact:
        """Call once. Whatever happens, the outcome says what is known and nothing more."""
        return await (self._check() if self._start.is_check else self._call())

    async def _check(self) -> Fact:
        """Look, and believe that there is nothing only once what was sent can be under way no more."""
        started = self._ports.now()
        try:
            found = await self._ports.tools.check(self._request())
            if found is None and (wait_s := self._may_still_happen_s()) > 0:
                await asyncio.sleep(wait_s)
                found = await self._ports.tools.check(self._request())
        except FaultError as error:
            return self._unknown(f"Its status check gave no answer: {error.fault.message}")
        except asyncio.CancelledError:
            return self._unknown("It was stopped before its status check had answered.")
        if found is None:
            return self._absent()
        return self._done(msgspec.structs.replace(found, text=f"{CHECKED}\n{found.text}"), started)

    def _may_still_happen_s(self) -> float:
        """Seconds until the call of unknown outcome has had all the time that its tool has."""
        step, _, place = self._start.effect.partition(".")
        attempts = self._state.steps[int(step) - 1].calls[int(place)].attempts
        began_at = max(attempt.started_at for attempt in attempts if not attempt.is_check)
        passed_s = (self._ports.now() - began_at).total_seconds()
        return min(self._start.tool.time_limit_s, self._start.tool.time_limit_s - passed_s)

    def _absent(self) -> Unknown:
        reason = "Its status check says that it did not happen."
        return Unknown(effect=self._start.effect, attempt=self._start.attempt, reason=reason, is_absent=True)

    async def _call(self) -> Fact:
        started = self._ports.now()
        try:
            result = await self._ports.tools.call(self._request())
        except FaultError as error:
            return self._failed(error.fault, started)
        except OutcomeUnknown as error:
            return self._unknown(str(error))
        except asyncio.CancelledError:
            if self._start.tool.effect == "read":
                return self._failed(Fault("cancelled", "Stopped by a person."), started)
            return self._unknown("It was stopped while it was under way.")
        return self._done(result, started)

    def _request(self) -> ToolRequest:
        arguments: dict[str, Json] = json.loads(self._start.arguments)
        limit_s = min(self._start.tool.time_limit_s, seconds_left(self._state))
        place = (str(self._state.run_id), self._start.effect, self._start.attempt)
        return ToolRequest(
            tool=self._start.tool,
            arguments=arguments,
            key=self._key,
            time_limit_s=limit_s,
            caller=caller_of(self._state, self._start.effect),
            files=tuple(files_at_hand(self._state)),
            ask=partial(self._questions.ask, place),
        )

    def _done(self, result: ToolResult, started: datetime) -> Finished:
        error = Fault("tool_failed", result.text[:2_000]) if result.is_error else None
        finished = self._finished(result.text, result.data, error, started)
        return msgspec.structs.replace(finished, usage=result.usage, inner_calls=result.inner_calls, files=result.files)

    def _failed(self, fault: Fault, started: datetime) -> Finished:
        return self._finished("", None, fault, started)

    def _finished(self, output: str, data: Json, error: Fault | None, started: datetime) -> Finished:
        return Finished(
            effect=self._start.effect,
            attempt=self._start.attempt,
            output=output,
            data=data,
            error=error,
            took_ms=milliseconds_since(started, self._ports.now()),
        )

    def _unknown(self, reason: str) -> Unknown:
        return Unknown(effect=self._start.effect, attempt=self._start.attempt, reason=reason)


def caller_of(state: RunState, effect: str) -> Caller:
    """What a run that this call may start is told of the one that starts it.

    Agents that are called side by side share what is left in equal parts, so that together they do not go beyond it.
    """
    step, _, place = effect.partition(".")
    calls = state.steps[int(step) - 1].calls
    attempts = calls[int(place)].attempts
    limits, used = state.spec.limits, state.totals.usage or Usage()
    agents = sum(call.tool is not None and call.tool.kind == "agent" and not call.has_outcome for call in calls) or 1
    return Caller(
        run_id=state.run_id,
        effect=effect,
        began_at=attempts[0].started_at,
        depth=state.spec.depth,
        calls=max(0, limits.calls - state.totals.calls_executed) // agents,
        tokens=None if limits.tokens is None else max(0, limits.tokens - used.total_tokens) // agents,
        cost_usd=None if limits.cost_usd is None else max(0.0, limits.cost_usd - (used.cost_usd or 0.0)) / agents,
        tool_mode=state.spec.tool_mode,
    )


def nobody_for(state: RunState, ports: Ports) -> str:
    """Why no person can be asked by calls of this run; empty: somebody may be there."""
    return "This run is part of a batch: no person sits at it." if state.in_batch else ports.nobody


def abandoned(state: RunState, effect: str, attempt: int, fault: Fault) -> Fact:
    """What is known of an effect that was under way when this program failed."""
    step, _, place = effect.partition(".")
    tool = None if place == "m" else state.steps[int(step) - 1].calls[int(place)].tool
    if place == "m" or (tool is not None and tool.effect == "read"):
        return Finished(effect=effect, attempt=attempt, error=fault)
    return Unknown(effect=effect, attempt=attempt, reason=fault.message)


def seconds_left(state: RunState) -> float:
    """Seconds until the run's own time limit, at least one tenth."""
    return max(0.1, state.spec.limits.seconds - state.totals.active_s)


def milliseconds_since(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds() * 1000, 3)
