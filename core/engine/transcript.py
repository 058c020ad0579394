"""The transcript: the exact list of messages a model is shown, a projection of the journal. Nothing else adds to it."""

import msgspec

from core.domain import strict_json
from core.domain.attachment import Attachment
from core.domain.event import Finished
from core.domain.message import AssistantMessage, Message, SystemMessage, ToolCall, ToolMessage, UserMessage, attached
from core.domain.state import CallState, RunState, StepState


def transcript(state: RunState, before_step: int | None = None) -> list[Message]:
    """The messages of the request that step `before_step` makes (default: the next step)."""
    messages = opening(state)
    for step in state.steps:
        if step.number == before_step or step.model.decision is None:
            break
        messages.extend(step_messages(step))
    return messages


def opening(state: RunState) -> list[Message]:
    """The messages before the first answer: prompt, conversation so far, input."""
    prompt = [SystemMessage(content=state.spec.instructions)] if state.spec.instructions else []
    return [*prompt, *state.spec.history, UserMessage(content=state.input, attachments=state.attachments)]


def files_of(state: RunState) -> list[Attachment]:
    """Every file that a request of this run carries, those of earlier messages included."""
    return attached(state.spec.history, state.attachments)


def files_at_hand(state: RunState) -> list[Attachment]:
    """Every file that a call may name, oldest first: those of messages, and those that tools made.

    Asked for at each call: a long run that made none must not be gone through from its beginning every time.
    """
    messages = (one for one in state.spec.history if isinstance(one, UserMessage | ToolMessage))
    earlier = [one for message in messages for one in message.attachments]
    calls = (call for step in state.steps for call in step.calls) if state.has_made_files else ()
    return [*earlier, *state.attachments, *(one for call in calls if call.finished for one in call.finished.files)]


def conversation(state: RunState) -> list[Message]:
    """What a later run of the same conversation is shown of this one: all but the system prompt.

    Text of an answer that broke off stays, since the person saw it; nothing is made up for one that never came.
    """
    messages = transcript(state)[len(state.spec.history) + bool(state.spec.instructions) :]
    failed = state.steps[-1].model.gave_up if state.steps else None
    if failed is not None and failed.output:
        messages.append(AssistantMessage(content=failed.output))
    return messages


def step_messages(step: StepState) -> list[Message]:
    """The answer of a step and, right after it and in the model's order, one message for each of its calls."""
    decision = step.model.decision
    if decision is None:
        return []
    calls = tuple(_replayed(state.call) for state in step.calls)
    answer = AssistantMessage(content=decision.text, calls=calls, reasoning=decision.reasoning)
    return [answer, *(_told(state) for state in step.calls)]


def _replayed(call: ToolCall) -> ToolCall:
    """A call as it goes back: broken arguments would poison every later request, so they become `{}`."""
    try:
        whole = isinstance(strict_json.read(call.arguments), dict)
    except strict_json.NotJsonError:
        whole = False
    return call if whole else msgspec.structs.replace(call, arguments="{}")


def _told(state: CallState) -> ToolMessage:
    made = state.finished.files if state.finished else ()
    return ToolMessage(content=_outcome(state), call_id=state.call.id, name=state.call.name, attachments=made)


def _outcome(state: CallState) -> str:
    if state.refused is not None:
        return state.refused.reason
    if state.settled is not None and state.settled.how == "happened":
        return state.settled.output or "A person confirmed that this call happened. Its result was not recorded."
    if state.settled is not None and state.settled.how == "skip":
        return "It is not known whether this call happened. A person decided not to run it again."
    if state.finished is not None:
        return _finished(state.finished, state.tool.output_limit_chars if state.tool else 20_000)
    return "This call was stopped before it gave a result."


def _finished(fact: Finished, limit_chars: int) -> str:
    text = fact.output or (fact.error.message if fact.error else "")
    return cut(f"Error: {text}" if fact.error else text, limit_chars)


def cut(text: str, limit_chars: int) -> str:
    """`text`, or its beginning and end with a visible note between them of how much was left out."""
    if len(text) <= limit_chars:
        return text
    head, tail = limit_chars * 3 // 4, limit_chars // 4
    left_out = len(text) - head - tail
    note = f"\n\n[{left_out:,} of {len(text):,} characters were left out here; the whole result is in the journal]\n\n"
    return text[:head] + note + text[-tail:]
