"""fold: what a journal adds up to. Pure, and incremental: one event at a time, never from zero."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

import msgspec

from core.domain.event import (
    Answered,
    Asked,
    Cancelled,
    Claimed,
    Created,
    Decision,
    Ended,
    Event,
    Fact,
    Finished,
    Refused,
    Settled,
    Started,
    Unknown,
    call_effect,
    model_effect,
)
from core.domain.message import ToolCall, Usage
from core.domain.state import Attempt, CallState, Inquiry, ModelCall, RunState, StepState


def fold(events: Iterable[Event]) -> RunState:
    """The state after `events`, which start with `created`. Raises `ValueError` when they do not."""
    events = iter(events)
    first = next(events, None)
    if first is None or not isinstance(first.fact, Created):
        raise ValueError("a journal starts with its created entry")
    state = RunState(run_id=first.run_id, spec=first.fact.spec, input=first.fact.input, created_at=first.at)
    state.attachments = first.fact.attachments
    state.in_batch = first.fact.batch_id is not None
    state.recorded = {(one.name, one.arguments): one for one in first.fact.recorded}
    if first.fact.calls:
        _by_hand(state, first.fact.calls)
    _move(state, first)
    for event in events:
        add(state, event)
    return state


def _by_hand(state: RunState, calls: tuple[ToolCall, ...]) -> None:
    """A person's calls stand where a model's decision would."""
    decision = Decision(step=1, effect=model_effect(1), attempt=0, calls=calls)
    model = ModelCall(effect=decision.effect, step=1, decision=decision)
    state.by_hand = True
    state.steps.append(StepState(number=1, model=model, calls=_planned(state, decision)))


def add(state: RunState, event: Event) -> None:
    """Fold one more event into `state`. Raises `ValueError` when it is not the next one."""
    if event.seq != state.next_seq:
        raise ValueError(f"entry {event.seq} after {state.next_seq - 1}")
    _apply(state, event)
    _move(state, event)


def _waited_s(fact: Fact) -> float:
    """Seconds before it in which the run stood in line."""
    return fact.waited_s if isinstance(fact, Started) else 0.0


def _move(state: RunState, event: Event) -> None:
    if state.last_at is not None and not isinstance(event.fact, Claimed | Answered | Settled):
        passed_s = (event.at - state.last_at).total_seconds() - _waited_s(event.fact)
        active_s = state.totals.active_s + max(0.0, passed_s)
        state.totals = msgspec.structs.replace(state.totals, active_s=active_s)
    state.next_seq, state.head, state.last_at = event.seq + 1, event.hash, event.at


def _apply(state: RunState, event: Event) -> None:
    match event.fact:
        case Created():
            raise ValueError("a journal has one created entry")
        case Claimed():
            state.epoch, state.in_flight = event.epoch, {}
        case Started():
            _started(state, event, event.fact)
        case Decision():
            _decided(state, event.at, event.fact)
        case Finished():
            _finished(state, event.at, event.fact)
        case Refused():
            _call(state, event.fact.effect).refused = event.fact
            _count(state, calls_refused=state.totals.calls_refused + 1)
        case Unknown():
            _unknown(state, event.at, event.fact)
        case Asked():
            _asked(_call(state, event.fact.effect), event.fact)
        case Answered():
            _answered(state, event.fact)
        case Settled():
            call = _call(state, event.fact.effect)
            call.settled, call.unknown, call.question_open, call.absences = event.fact, False, False, 0
        case Cancelled():
            state.cancelled, state.cancelled_by = True, event.fact.who
        case Ended():
            state.ended = event.fact
        case _:
            assert_never(event.fact)


def _started(state: RunState, event: Event, fact: Started) -> None:
    attempt = Attempt(
        number=fact.attempt, epoch=event.epoch, started_at=event.at, request=fact.request, is_check=fact.is_check
    )
    state.in_flight[fact.effect] = fact.attempt
    if fact.effect.endswith(".m"):
        call = _model_call(state, fact.effect)
        if fact.lost is not None and call.attempts:
            call.attempts[-1].lost_text = fact.lost.text
        call.attempts.append(attempt)
        call.gave_up = None
        return
    tool_call = _call(state, fact.effect)
    if not tool_call.attempts:
        _count(state, calls_executed=state.totals.calls_executed + 1)
    tool_call.attempts.append(attempt)
    tool_call.arguments, tool_call.unknown = fact.arguments, False


def _decided(state: RunState, at: datetime, fact: Decision) -> None:
    state.in_flight.pop(fact.effect, None)
    _model_call(state, fact.effect).decision = fact
    step = state.steps[fact.step - 1]
    if step.model.attempts:  # none: the answer was taken over from the run this one was forked from
        step.model.attempts[-1].ended_at = at
    step.calls = _planned(state, fact)
    _use(state, fact.usage)
    if state.totals.first_token_ms is None:
        _count(state, first_token_ms=fact.exchange.first_token_ms)


def _planned(state: RunState, decision: Decision) -> list[CallState]:
    tools = {tool.name: tool for tool in state.spec.tools}
    return [
        CallState(
            effect=call_effect(decision.step, place),
            step=decision.step,
            call=call,
            tool=tools.get(call.name),
            run_id=state.run_id,
        )
        for place, call in enumerate(decision.calls)
    ]


def _finished(state: RunState, at: datetime, fact: Finished) -> None:
    state.in_flight.pop(fact.effect, None)
    effect = _effect(state, fact.effect)
    if effect.attempts:
        effect.attempts[-1].ended_at = at
        effect.attempts[-1].failure = fact if fact.error else None
    if isinstance(effect, ModelCall):
        effect.gave_up = fact
        _use(state, fact.usage)
    else:
        effect.finished = fact
        state.has_made_files = state.has_made_files or bool(fact.files)
        _called(state, fact)


def _called(state: RunState, fact: Finished) -> None:
    """What an agent used that this run called is used by this run as well."""
    if fact.usage is None and not fact.inner_calls:
        return
    used, totals = fact.usage or Usage(), state.totals
    _use(state, fact.usage)
    _count(
        state,
        calls_executed=totals.calls_executed + fact.inner_calls,
        called_tokens=totals.called_tokens + used.total_tokens,
        called_cost_usd=totals.called_cost_usd + (used.cost_usd or 0.0),
    )


def _unknown(state: RunState, at: datetime, fact: Unknown) -> None:
    state.in_flight.pop(fact.effect, None)
    call = _call(state, fact.effect)
    call.attempts[-1].ended_at, call.attempts[-1].unknown = at, fact
    call.settled = None
    call.absences += fact.is_absent
    # It is started again once. A call that then vanishes again would be repeated for ever: that is a person's matter.
    call.unknown = not fact.is_absent or call.absences > 1


def _asked(call: CallState, fact: Asked) -> None:
    match fact.why:
        case "unknown":
            call.question_open = True
        case "input":
            call.attempts[-1].inquiries.append(Inquiry(fact))
        case "approval":
            call.asked, call.answered = fact, None
        case why:
            assert_never(why)


def _answered(state: RunState, fact: Answered) -> None:
    call = _call(state, fact.effect)
    inquiries = [one for attempt in call.attempts for one in attempt.inquiries if one.asked.shown == fact.shown]
    if inquiries:
        inquiries[0].answered = fact
        return
    call.answered = fact
    if fact.scope == "conversation" and fact.say == "approve" and call.asked and call.asked.shown == fact.shown:
        state.allowed.add(fact.tool)


def _use(state: RunState, usage: Usage | None) -> None:
    if usage is None:
        return
    sofar = state.totals.usage or Usage()
    cost_usd = None
    if usage.cost_usd is not None or sofar.cost_usd is not None:
        cost_usd = (sofar.cost_usd or 0.0) + (usage.cost_usd or 0.0)
    total = Usage(
        prompt_tokens=sofar.prompt_tokens + usage.prompt_tokens,
        completion_tokens=sofar.completion_tokens + usage.completion_tokens,
        total_tokens=sofar.total_tokens + usage.total_tokens,
        cost_usd=cost_usd,
    )
    _count(state, usage=total)


def _count(state: RunState, **changes: object) -> None:
    state.totals = msgspec.structs.replace(state.totals, **changes)


def _model_call(state: RunState, effect: str) -> ModelCall:
    number = int(effect.partition(".")[0])
    if number > len(state.steps):
        state.steps.append(StepState(number=number, model=ModelCall(effect=effect, step=number)))
        _count(state, steps=number)
    return state.steps[number - 1].model


def _call(state: RunState, effect: str) -> CallState:
    step, _, place = effect.partition(".")
    return state.steps[int(step) - 1].calls[int(place)]


def _effect(state: RunState, effect: str) -> ModelCall | CallState:
    return _model_call(state, effect) if effect.endswith(".m") else _call(state, effect)
