"""Branching off: a new run that begins like another and goes its own way from a step. Pure."""

from collections.abc import Iterable, Iterator

import msgspec

from core.domain.event import Created, Decision, Fact, Finished, Recorded
from core.domain.state import CallState, RunState, StepState


def fork_facts(state: RunState, step: int, new_input: str = "") -> tuple[Created, list[Fact]]:
    """The new run's first entry, and the answers and results before `step` that it takes over.

    It shares no ceiling. From `step` on the model is asked again. Where it then calls a tool with the same arguments as before,
    the recorded result is used and nothing is executed. Raises `ValueError` when there is no such step.
    """
    if not 1 <= step <= len(state.steps) + 1 or any(not _is_whole(one) for one in state.steps[: step - 1]):
        raise ValueError(f"the run has no finished steps before step {step}")
    created = Created(
        spec=msgspec.structs.replace(state.spec, purse=None),
        input=new_input or state.input,
        attachments=state.attachments,
        forked_from=f"{state.run_id}/{step}",
        recorded=tuple(_recorded(state, state.steps)),
    )
    return created, [fact for one in state.steps[: step - 1] for fact in _taken_over(state, one)]


def _is_whole(step: StepState) -> bool:
    return step.model.decision is not None and all(call.has_outcome for call in step.calls)


def _recorded(state: RunState, steps: Iterable[StepState]) -> Iterator[Recorded]:
    for step in steps:
        for call in step.calls:
            if call.finished is not None and call.finished.error is None and call.tool is not None and call.attempts:
                yield Recorded(
                    name=call.tool.name,
                    arguments=call.arguments,
                    output=call.finished.output,
                    data=call.finished.data,
                    files=call.finished.files,
                    source=_source(state, call),
                )


def _taken_over(state: RunState, step: StepState) -> Iterator[Fact]:
    decision = step.model.decision
    assert decision is not None
    yield Decision(
        step=decision.step,
        effect=decision.effect,
        attempt=0,
        text=decision.text,
        reasoning=decision.reasoning,
        calls=decision.calls,
        finish_reason=decision.finish_reason,
        notes=decision.notes,
    )
    for call in step.calls:
        yield _outcome(state, call)


def _outcome(state: RunState, call: CallState) -> Fact:
    if call.refused is not None:
        return call.refused
    if call.finished is not None:
        source = call.finished.source or _source(state, call)
        return msgspec.structs.replace(call.finished, attempt=0, source=source, usage=None, inner_calls=0)
    output = call.settled.output if call.settled else ""
    return Finished(effect=call.effect, attempt=0, output=output, source=_source(state, call))


def _source(state: RunState, call: CallState) -> str:
    return f"{state.run_id}/{call.effect}"
