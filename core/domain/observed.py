"""What evaluators see of a run that has ended: its answer, its tool calls, its numbers."""

import msgspec

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.run import EndStatus, Totals
from core.domain.state import CallState, RunState


class SeenCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call that was made, in the model's order."""

    name: str
    arguments: dict[str, Json] = {}


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    status: EndStatus = "done"
    output: str = ""
    totals: Totals = Totals()
    calls: tuple[SeenCall, ...] = ()
    fault: str = ""
    """Why the run failed, in the words of whoever reported it."""


def observed(state: RunState) -> Observed:
    """Of a run that has ended; its journal must have an end."""
    ended = state.ended
    assert ended is not None
    return Observed(
        status=ended.status,
        output=ended.output,
        totals=state.totals,
        calls=tuple(_seen(call) for step in state.steps for call in step.calls if call.refused is None),
        fault=f"{ended.error.kind}: {ended.error.message}" if ended.error else "",
    )


def _seen(call: CallState) -> SeenCall:
    text = call.arguments or call.call.arguments
    try:
        arguments = strict_json.read(text)
    except strict_json.NotJsonError:
        arguments = {}
    return SeenCall(name=call.call.name, arguments=arguments if isinstance(arguments, dict) else {})
