"""decide: what to do next. Pure: the same journal gives the same action on any machine, now or in ten years."""

from core.domain.answer import fit
from core.domain.canonical import content_hash
from core.domain.event import Asked, Fact, Lost, Unknown
from core.domain.state import CallState, ModelCall, RunState
from core.engine.actions import (
    Action,
    CallModel,
    CallTools,
    End,
    Join,
    Nothing,
    Record,
    Stop,
    ToolStart,
    Wait,
)
from core.engine.judge import judge
from core.errors import Fault, FaultKind

RETRYABLE: frozenset[FaultKind] = frozenset({"rate_limited", "model_loading", "server_error", "connection", "timeout"})
"""Failures before any content that a retry policy may repeat."""


def decide(state: RunState) -> Action:
    """The next action, from the journal alone."""
    step = state.steps[-1] if state.steps else None
    if state.ended is not None:
        return Nothing()
    if lost := _lost_for_good(state):
        return Record(lost)
    if state.cancelled:
        return Stop() if state.in_flight else End("cancelled", _text_so_far(state), Fault("cancelled", "Stopped."))
    if step is None:
        return _ask_model(state, 1)
    if step.model.decision is None:
        return _model_again(state, step.model)
    if open_calls := [call for call in step.calls if not call.has_outcome]:
        return _go_on(state, open_calls)
    if state.by_hand:
        return _end_by_hand(step.calls)
    if step.calls:
        return _ask_model(state, step.number + 1)
    text = step.model.decision.text
    return End("done", text, fit=fit(state.spec.parameters, text))


def _end_by_hand(calls: list[CallState]) -> End:
    outputs = "\n".join(call.finished.output for call in calls if call.finished)
    for call in calls:
        if call.refused is not None:
            return End("failed", outputs, Fault(call.refused.error, call.refused.reason))
        if call.finished is not None and call.finished.error is not None:
            return End("failed", outputs, call.finished.error)
    return End("done", outputs)


def _lost_for_good(state: RunState) -> tuple[Fact, ...]:
    """Calls a dead worker left behind that must not be started again unasked."""
    return tuple(
        Unknown(effect=call.effect, attempt=call.attempts[-1].number, reason="The process that ran it ended.")
        for call in (state.steps[-1].calls if state.steps else ())
        if state.status_of(call) == "lost" and not _repeatable(call)
    )


def _repeatable(call: CallState) -> bool:
    return call.tool is not None and (call.tool.repeat in {"safe", "key"} or call.is_checking)


def _ask_model(state: RunState, step: int) -> Action:
    fault = _limit_reached(state, step)
    return End("failed", _text_so_far(state), fault) if fault else CallModel(step=step, attempt=1)


def _model_again(state: RunState, call: ModelCall) -> Action:
    last = call.attempts[-1]
    match state.status_of(call):
        case "running":
            return Join()
        case "lost":
            return CallModel(step=call.step, attempt=last.number + 1, lost=Lost(attempt=last.number))
        case _:
            return _after_failure(state, call)


def _after_failure(state: RunState, call: ModelCall) -> Action:
    failed = call.gave_up
    fault = failed.error if failed and failed.error else Fault("internal", "The model call left no outcome.")
    failures = sum(1 for attempt in call.attempts if attempt.failure is not None)
    came = bool(failed and (failed.output or failed.reasoning or failed.calls))
    if fault.kind in RETRYABLE and not came and failures < state.spec.retry.attempts:
        if over := _limit_reached(state, call.step):
            return End("failed", _text_so_far(state), over)
        after_s = max(state.spec.retry.wait_s, min(fault.retry_after_s or 0.0, 60.0))
        return CallModel(step=call.step, attempt=call.attempts[-1].number + 1, after_s=after_s)
    return End("failed", _text_so_far(state), fault)


def _go_on(state: RunState, open_calls: list[CallState]) -> Action:
    """Judge first, start second: discovery, approval and execution stay apart."""
    if checks := tuple(_check(state, call) for call in open_calls if _can_be_looked_up(state, call)):
        return CallTools(checks)
    ready = [call for call in open_calls if state.status_of(call) in {"planned", "lost"}]
    judged = [judge(state, call) for call in ready]
    if facts := tuple(fact for fact in judged if not isinstance(fact, ToolStart)):
        return Record(facts)
    if questions := tuple(_question(call) for call in open_calls if call.unknown and not call.question_open):
        return Record(questions)
    return _start(state, [start for start in judged if isinstance(start, ToolStart)])


def _can_be_looked_up(state: RunState, call: CallState) -> bool:
    """Whether the tool's status check is still to be asked. To look is safe, so a lost look is repeated."""
    if call.tool is None or call.tool.repeat != "check":
        return False
    return state.status_of(call) == "lost" if call.is_checking else call.unknown


def _check(state: RunState, call: CallState) -> ToolStart:
    assert call.tool is not None
    last = call.attempts[-1].number
    lost = Lost(attempt=last) if state.status_of(call) == "lost" else None
    return ToolStart(call.effect, last + 1, call.tool, call.arguments, lost, is_check=True)


def _start(state: RunState, starts: list[ToolStart]) -> Action:
    limits = state.spec.limits
    over = _limit_reached(state, state.steps[-1].number) if starts else None
    if starts and state.totals.calls_executed >= limits.calls:
        over = over or Fault("step_limit", f"The run reached its limit of {limits.calls} tool calls.")
    if over:
        return Join() if state.in_flight else End("failed", _text_so_far(state), over)
    room = min(limits.parallel - len(state.in_flight), limits.calls - state.totals.calls_executed)
    if starts and room > 0:
        return CallTools(tuple(starts[:room]))
    return Join() if state.in_flight else Wait()


def _question(call: CallState) -> Asked:
    return Asked(effect=call.effect, why="unknown", shown=content_hash([call.effect, call.arguments]))


def _limit_reached(state: RunState, step: int) -> Fault | None:
    limits, used = state.spec.limits, state.totals
    tokens = used.usage.total_tokens if used.usage else 0
    cost_usd = (used.usage.cost_usd if used.usage else None) or 0.0
    if step > limits.steps:
        return Fault("step_limit", f"The run reached its limit of {limits.steps} steps.")
    if used.active_s >= limits.seconds:
        return Fault("time_limit", f"The run reached its limit of {limits.seconds:g} seconds.")
    if limits.tokens is not None and tokens >= limits.tokens:
        return Fault("token_limit", f"The run reached its limit of {limits.tokens:,} tokens.")
    if limits.cost_usd is not None and cost_usd >= limits.cost_usd:
        return Fault("cost_limit", f"The run reached its limit of ${limits.cost_usd:g}.")
    return None


def _text_so_far(state: RunState) -> str:
    """The latest text the model said: what stays visible when a run does not finish."""
    for step in reversed(state.steps):
        if step.model.gave_up is not None and step.model.gave_up.output:
            return step.model.gave_up.output
        if step.model.decision is not None and step.model.decision.text:
            return step.model.decision.text
    return ""
