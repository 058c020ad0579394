"""A conversation to take along: Markdown for people, JSON for programs."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.domain.attachment import NOTHING, Contents
from core.domain.run import Conversation
from core.domain.state import CallState, StepState
from core.services.runs import RunView

FORMAT = "aryabhatta-conversation-1"
_TICKS = re.compile(r"`+")


def as_markdown(conversation: Conversation, branch: Sequence[RunView]) -> str:
    """One branch as it is read: what was said, with each tool call and its result."""
    blocks = [f"# {conversation.title or 'Conversation'}", *(block for view in branch for block in _turn(view))]
    return "\n\n".join(block for block in blocks if block) + "\n"


def as_json(conversation: Conversation, views: Sequence[RunView], contents: Contents = NOTHING) -> bytes:
    """Every branch: a run names the one that it replies to. `contents`: of attached files, in base64 by their hash."""
    document = {
        "format": FORMAT,
        "conversation": conversation,
        "runs": [_record(view) for view in views],
        "files": contents,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _turn(view: RunView) -> Iterator[str]:
    yield f"## You · {_moment(view.run.created_at)}"
    yield view.state.input
    for one in view.state.attachments:
        yield f"*Attached: {one.name} ({one.media_type}, {one.size_bytes:,} bytes)*"
    yield f"## {view.run.agent_name or 'Answer'}{f' · {view.run.model}' if view.run.model else ''}"
    for step in view.state.steps:
        yield said(step)
        for call in step.calls:
            yield f"**{call.call.name}**"
            yield _fenced(call.arguments or call.call.arguments, "json")
            yield _fenced(outcome(call), "")
            for one in call.finished.files if call.finished else ():
                yield f"*Made: {one.name} ({one.media_type}, {one.size_bytes:,} bytes)*"
    if view.run.status != "done":
        yield f"*{view.run.status}*"
    if view.state.ended and view.state.ended.fit and view.state.ended.fit.misfits:
        yield "*This answer does not fit its schema:*"
        yield _fenced("\n".join(view.state.ended.fit.misfits), "")


def said(step: StepState) -> str:
    """What the model said in a step, whole or as far as it came."""
    if step.model.decision is not None:
        return step.model.decision.text
    return step.model.gave_up.output if step.model.gave_up else ""


def outcome(call: CallState) -> str:
    """What came of a call, in one text; empty while nothing did."""
    if call.refused is not None:
        return f"Not executed: {call.refused.reason}"
    if call.settled is not None:
        return call.settled.output or f"A person said: {call.settled.how}"
    if call.finished is not None:
        return call.finished.output or (call.finished.error.message if call.finished.error else "")
    return "Its outcome is unknown." if call.unknown else ""


def _fenced(text: str, language: str) -> str:
    """A block of code whose fence is longer than any run of ticks inside."""
    fence = "`" * max(3, 1 + max((len(ticks) for ticks in _TICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _record(view: RunView) -> dict[str, Any]:
    run, state = view.run, view.state
    return {
        "id": run.id,
        "parent_run_id": run.parent_run_id,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "status": run.status,
        "agent": run.agent_name,
        "revision": run.revision,
        "model": run.model,
        "endpoint": run.endpoint,
        "instructions": state.spec.instructions,
        "input": state.input,
        "attachments": state.attachments,
        "steps": [_step(step) for step in state.steps],
        "totals": state.totals,
        "misfits": state.ended.fit.misfits if state.ended and state.ended.fit else None,
    }


def _step(step: StepState) -> dict[str, Any]:
    decision = step.model.decision
    return {
        "text": said(step),
        "reasoning": decision.reasoning if decision else "",
        "calls": [_call(call) for call in step.calls],
    }


def _call(call: CallState) -> dict[str, Any]:
    told = {"id": call.call.id, "tool": call.call.name, "arguments": call.call.arguments, "result": outcome(call)}
    return told | ({"made": call.finished.files} if call.finished and call.finished.files else {})
