"""A run's journal as machines read it: one object an entry, one for how the run stands."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from core.domain.canonical import Json
from core.domain.event import Decision, Ended, Event, Finished
from core.domain.message import Usage
from core.domain.run import Run
from core.errors import Fault

JsonObject = dict[str, Json]


def entry_object(event: Event) -> JsonObject:
    """An entry; its `body` is the fact with everything in it except the kind, which stands beside."""
    body = msgspec.to_builtins(event.fact)
    return {
        "run_id": str(event.run_id),
        "seq": event.seq,
        "kind": event.kind,
        "at": event.at,
        "body": {name: value for name, value in body.items() if name != "kind"},
    }


def summary_object(run: Run, events: Sequence[Event]) -> JsonObject:
    """How a run stands: the last line of everything that follows one."""
    output, reasoning = last_words(events)
    return {
        "run_id": str(run.id),
        "status": run.status,
        "output": output,
        "reasoning": reasoning,
        "error": _error_object(error_of(events)),
        "steps": run.totals.steps,
        "calls": {"executed": run.totals.calls_executed, "refused": run.totals.calls_refused},
        "usage": _usage_object(run.totals.usage),
    }


def last_words(events: Sequence[Event]) -> tuple[str, str]:
    """The final text, or the partial one that an error or a person left; and the reasoning kept apart from it."""
    output, reasoning = "", ""
    for event in events:
        match event.fact:
            case Decision(text=output, reasoning=reasoning):
                pass
            case Finished(effect=effect, output=partial, reasoning=thought) if effect.endswith(".m"):
                output, reasoning = partial, thought
            case Ended(output=ended) if ended:
                output = ended
            case _:
                pass
    return output, reasoning


def error_of(events: Iterable[Event]) -> Fault | None:
    """Why the run failed; None when it did not."""
    return next((event.fact.error for event in events if isinstance(event.fact, Ended)), None)


def has_answered(events: Iterable[Event]) -> bool:
    """Whether the model ever said anything."""
    said = (event.fact for event in events)
    return any(isinstance(fact, Decision) or (isinstance(fact, Finished) and bool(fact.output)) for fact in said)


def run_object(run: Run) -> JsonObject:
    """A row of a list of runs."""
    return {
        "run_id": str(run.id),
        "status": run.status,
        "kind": run.kind,
        "agent": run.agent_name,
        "revision": run.revision,
        "model": run.model,
        "endpoint": run.endpoint,
        "input": run.input,
        "output": run.output,
        "error": run.error_kind,
        "steps": run.totals.steps,
        "calls": {"executed": run.totals.calls_executed, "refused": run.totals.calls_refused},
        "usage": _usage_object(run.totals.usage),
        "conversation_id": _text(run.conversation_id),
        "created_at": run.created_at,
        "ended_at": run.ended_at,
    }


def _error_object(error: Fault | None) -> JsonObject | None:
    if error is None:
        return None
    return {
        "kind": error.kind,
        "message": error.message,
        "status": error.status,
        "retry_after_s": error.retry_after_s,
    }


def _usage_object(usage: Usage | None) -> JsonObject | None:
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
