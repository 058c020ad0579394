"""Calls that change the world and that several columns of a comparison ask for alike. Pure."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from core.domain.arguments import BadArguments, check_arguments
from core.domain.canonical import canonical
from core.domain.state import CallState, RunState


class WaitingCall(msgspec.Struct, frozen=True):
    """A call that waits for a person, in one run."""

    run_id: UUID
    effect: str
    shown: str
    """The hash of what is approved."""


class SameWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One call of one tool, wanted by several runs: made once, or as often as it is asked for?"""

    tool: str
    arguments: str
    waiting: tuple[WaitingCall, ...]
    made_by: tuple[UUID, ...] = ()
    """The runs in which it was started already."""


def same_writes(states: Sequence[RunState]) -> tuple[SameWrite, ...]:
    """Those that still wait in some run, while they wait or were made in another one too."""
    calls: dict[tuple[str, str], list[tuple[RunState, CallState]]] = {}
    for state, call, arguments in _writes(states):
        calls.setdefault((call.call.name, arguments), []).append((state, call))
    found = (_same(tool, arguments, alike) for (tool, arguments), alike in calls.items())
    return tuple(one for one in found if one.waiting and len(_runs(one)) > 1)


def waits_alone(mine: RunState, others: Sequence[RunState]) -> Iterator[tuple[str, str]]:
    """The calls of a run that ask only for the other columns' sake, and that none of them wants: effect and hash shown."""
    wanted = {(call.call.name, arguments) for _, call, arguments in _writes(others) if call.refused is None}
    for _, call, arguments in _writes([mine]):
        asks = mine.ended is None and mine.status_of(call) == "asked" and call.call.name in mine.spec.asks_for_others
        if asks and call.asked is not None and (call.call.name, arguments) not in wanted:
            yield call.effect, call.asked.shown


def _writes(states: Sequence[RunState]) -> Iterator[tuple[RunState, CallState, str]]:
    for state in states:
        for call in (call for step in state.steps for call in step.calls):
            if call.tool is not None and call.tool.effect == "write":
                arguments = check_arguments(call.tool, call.call.arguments)
                if not isinstance(arguments, BadArguments):
                    yield state, call, canonical(arguments).decode()


def _same(tool: str, arguments: str, alike: Sequence[tuple[RunState, CallState]]) -> SameWrite:
    return SameWrite(
        tool=tool,
        arguments=arguments,
        waiting=tuple(
            WaitingCall(state.run_id, call.effect, call.asked.shown)
            for state, call in alike
            if call.asked is not None and state.ended is None and state.status_of(call) == "asked"
        ),
        made_by=tuple(dict.fromkeys(state.run_id for state, call in alike if call.attempts)),
    )


def _runs(one: SameWrite) -> set[UUID]:
    return {*one.made_by, *(call.run_id for call in one.waiting)}
