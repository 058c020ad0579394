"""Kinds of failure and entries of a journal in the words of a terminal."""

from typing import assert_never

from core.cli.printing import shortened
from core.domain.event import (
    Answered,
    Asked,
    Cancelled,
    Claimed,
    Created,
    Decision,
    Ended,
    Event,
    Finished,
    Refused,
    Settled,
    Started,
    Unknown,
    effect_of,
)
from core.domain.question import Question
from core.errors import Fault, FaultKind

_WHAT_TO_DO: dict[FaultKind, str] = {
    "auth": "The endpoint refuses the credential. Check the token or the secret: python -m core doctor",
    "payment_required": "The account at the endpoint has no credit left.",
    "not_found": "The endpoint does not know this model or this address. See: python -m core endpoint list",
    "rate_limited": "Too many requests. Wait, then run it again; nothing is retried by itself.",
    "model_loading": "The model is still being loaded. Wait, then run it again.",
    "bad_request": "The endpoint refuses the request as it is. See it with: python -m core runs request",
    "server_error": "The endpoint failed. The fault is on its side; run it again later.",
    "connection": "Nothing answers at the endpoint. Check its address: python -m core endpoint list",
    "timeout": "The endpoint was silent for too long. ARYABHATTA_MODEL_TIMEOUT_S sets how long that is.",
    "stream_incomplete": "The answer broke off before its end. What had come is kept; nothing of it was carried out.",
    "stream_malformed": "The endpoint sent something that is not its protocol.",
    "stream_error": "The endpoint reported an error in the middle of its answer.",
    "empty_response": "The model answered with nothing at all.",
    "truncated": "The answer was cut at its longest. Allow more tokens in the agent's parameters.",
    "content_filter": "The endpoint's filter stopped the answer.",
    "tool_unknown": "The model asked for a tool that it was not given.",
    "tool_args_invalid": "The model's arguments do not fit the tool.",
    "tool_failed": "A tool failed.",
    "tool_drift": "A tool is no longer what it was when it was accepted.",
    "step_limit": "The run reached its limit of steps. Allow more with --max-steps or in the agent's limits.",
    "token_limit": "The run reached its limit of tokens.",
    "time_limit": "The run reached its limit of seconds.",
    "cost_limit": "The run reached its limit of cost.",
    "size_limit": "Something was larger than is allowed.",
    "unsupported": "The endpoint cannot do what was asked of it.",
    "cancelled": "The run was cancelled.",
    "interrupted": "The run was interrupted. Go on with: python -m core runs resume",
    "internal": "A fault of Aryabhatta. ARYABHATTA_LOG_LEVEL=debug shows where it happened.",
}
_MISFIT = (
    "The model began a tool call and did not keep to its form, so its server could not read it. Nothing was executed. "
    "Run it again, with fewer tools, a lower temperature or a larger model."
)


def fault_line(fault: Fault) -> str:
    """What happened, in the words of whoever reported it, and what to do about it."""
    status = f" (HTTP {fault.status})" if fault.status else ""
    wait = f" Wait {fault.retry_after_s:g} s." if fault.retry_after_s else ""
    return f"{fault.kind}{status}: {fault.message.strip()}\n{_MISFIT if fault.is_misfit else _WHAT_TO_DO[fault.kind]}{wait}"


def progress_line(event: Event) -> str:
    """What a person who watches is told about an entry; empty: nothing, since the text itself says it."""
    match event.fact:
        case Created(spec=spec):
            return "\n".join(f"! {note}" for note in spec.notes)
        case Started(name=name, is_check=True):
            return f"→ {name} is not called again: its status check is asked what became of the call"
        case Started(name=name, arguments=arguments) if name:
            return f"→ {name} {shortened(arguments, 100)}"
        case Finished(notes=notes) | Decision(notes=notes) if notes:
            return "\n".join(f"! {note}" for note in notes)
        case Finished(effect=effect, output=output, error=error, took_ms=took_ms) if not effect.endswith(".m"):
            return f"  {error.message}" if error else f"  = {shortened(output, 100)}  ({took_ms:.0f} ms)"
        case Refused(name=name, reason=reason):
            return f"✗ {name} was not executed: {shortened(reason, 200)}"
        case Unknown(is_absent=True, reason=reason):
            return f"  {reason}"
        case Unknown(effect=effect, reason=reason):
            return f"? Nobody can say whether call {effect} happened. {shortened(reason, 200)}"
        case Asked(question=Question() as question):
            return _asked_in_a_call(event, question)
        case Answered(effect=effect, say="deny" | "cancel" as say, who="", reason=reason):
            return f"! Nobody answered call {effect}, so its server was told {say}. {reason}"
        case Asked(effect=effect, why="approval"):
            return f"? Call {effect} waits for a person's approval."
        case Asked(effect=effect):
            return f"? Call {effect} waits until a person says what became of it."
        case Ended(fit=fit) if fit and not fit.is_good:
            return "\n".join(["! The answer does not fit its schema.", *(f"  {misfit}" for misfit in fit.misfits)])
        case _:
            return ""


def _asked_in_a_call(event: Event, question: Question) -> str:
    """What the server of a call asks, and the commands that answer from another terminal."""
    place = f"{event.run_id} {effect_of(event.fact)}"
    lines = [f"? Call {effect_of(event.fact)} asks: {shortened(question.message, 400)}"]
    if question.url:
        lines.append(f"  It wants you to visit: {question.url}")
    elif question.fields:
        lines.append(f"  It wants: {', '.join(question.fields)}")
    values = "" if question.url else " --args JSON"
    return "\n".join([*lines, f"  python -m core runs approve {place}{values}", f"  python -m core runs deny {place}"])


def journal_line(event: Event) -> str:
    """An entry in one line, for the journal as a list."""
    fact = event.fact
    match fact:
        case Created():
            return " ".join([shortened(fact.input), *(f"[{one.name}]" for one in fact.attachments)]).strip()
        case Claimed():
            return f"epoch {event.epoch} by {fact.by}"
        case Started():
            wanted = f"{fact.name} {fact.arguments}" if fact.name else _request(fact)
            look = "status check of " if fact.is_check else ""
            return f"{fact.effect} attempt {fact.attempt}: {look}{shortened(wanted, 90)}"
        case Decision():
            calls = "".join(f" → {call.name} {call.arguments}" for call in fact.calls)
            return f"{fact.effect}: {shortened(fact.text + calls, 100)}"
        case Finished():
            said = f"{fact.error.kind}: {fact.error.message}" if fact.error else fact.output
            return f"{fact.effect}: {shortened(said, 90)}"
        case Refused():
            return f"{fact.effect}: {fact.name}, {shortened(fact.reason, 80)}"
        case Unknown():
            return f"{fact.effect} attempt {fact.attempt}: {shortened(fact.reason, 80)}"
        case Asked():
            return f"{fact.effect}: {shortened(fact.question.message) if fact.question else fact.why}"
        case Answered():
            return f"{fact.effect}: {fact.say} by {fact.who or 'somebody'} {shortened(fact.reason)}".strip()
        case Settled():
            return f"{fact.effect}: {fact.how} by {fact.who or 'somebody'}"
        case Cancelled():
            return f"by {fact.who or 'somebody'} {fact.reason}".strip()
        case Ended():
            return _ended(fact)
        case _:
            assert_never(fact)


def _ended(fact: Ended) -> str:
    if fact.error is not None:
        return f"{fact.status}: {fact.error.kind}"
    if fact.fit is None:
        return fact.status
    return f"{fact.status}: {fact.fit.misfits[0]}" if fact.fit.misfits else f"{fact.status}, the answer fits"


def _request(fact: Started) -> str:
    request = fact.request
    return f"{request.messages} messages, {request.size_bytes:,} bytes" if request else ""
