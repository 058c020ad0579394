"""What a drill found at one point: the journal's account beside what the drill's server counted. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from core.clients.drill.story import BOOK, LAST, ORDER, SEND
from core.domain.event import Asked, Event, Settled, Started, Unknown
from core.domain.state import CallState, RunState
from core.engine.replay import replay
from core.engine.state import fold

TOOLS: Final = {"1.1": SEND, "2.0": BOOK, "3.0": ORDER}
"""The effects that the drill's server executes, with their tools."""


class DrillRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run whose worker was killed at `point`."""

    point: str
    run_id: UUID
    attempts: int = 0
    """Intents in the journal: requests and calls, repeated ones included."""
    effects: dict[str, int] = {}
    """How often each tool's effect really happened."""
    duplicated: int = 0
    """Effects that happened more often than they were decided and permitted."""
    lost: int = 0
    """Decided effects that never happened; one more for a run that did not come to its end."""
    unknown: tuple[str, ...] = ()
    """Calls of which the journal says that nobody knows, and asks a person."""
    hidden: tuple[str, ...] = ()
    """Calls of which nobody could know, and no person was asked."""
    status: str = ""
    fault: str = ""
    """What else is wrong, in words."""

    @property
    def ok(self) -> bool:
        return not (self.duplicated or self.lost or self.hidden or self.fault)

    @property
    def verdict(self) -> str:
        """What is wrong, in words; `ok` where nothing is."""
        wrong = [f"{self.duplicated} duplicated"] * bool(self.duplicated) + [f"{self.lost} lost"] * bool(self.lost)
        wrong += [f"nobody was asked about {effect}" for effect in self.hidden] + [self.fault] * bool(self.fault)
        return "; ".join(wrong) or "ok"


class DrillTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A drill in one line."""

    points: int
    duplicated: int
    lost: int
    unknown: int
    hidden: int
    faults: int
    """Points with anything wrong beside these."""

    @property
    def ok(self) -> bool:
        return not (self.duplicated or self.lost or self.hidden or self.faults)

    @property
    def verdict(self) -> str:
        """The drill in a sentence."""
        doubts = self.unknown + self.hidden
        hidden = f"{self.hidden} of them hidden" if self.hidden else "all shown"
        faults = f" {self.faults} with another fault." if self.faults else ""
        return (
            f"{self.points} runs: {self.duplicated} duplicated, {self.lost} lost; "
            f"{doubts} unknown outcome{'' if doubts == 1 else 's'}, {hidden}.{faults}"
        )


def totals(rows: Sequence[DrillRow]) -> DrillTotals:
    return DrillTotals(
        points=len(rows),
        duplicated=sum(row.duplicated for row in rows),
        lost=sum(row.lost for row in rows),
        unknown=sum(len(row.unknown) for row in rows),
        hidden=sum(len(row.hidden) for row in rows),
        faults=sum(bool(row.fault) for row in rows),
    )


def in_doubt(events: Sequence[Event], epoch: int) -> tuple[str, ...]:
    """Calls that must not be repeated and that the worker of `epoch` had begun and not finished."""
    state = fold(event for event in events if event.epoch <= epoch)
    return tuple(call.effect for call in _calls(state) if call.effect in state.in_flight and _is_once(call))


def judged(
    point: str,
    events: Sequence[Event],
    doubtful: Sequence[str],
    requests: Mapping[str, int],
    done: Mapping[str, int],
) -> DrillRow:
    """The row of one run. `requests` and `done`: what the server was asked for, and what it did, by effect or tool."""
    state = fold(events)
    shown = tuple(sorted(_asked_about(events)))
    allowed = _allowed(state, events)
    status = state.ended.status if state.ended else "not ended"
    return DrillRow(
        point=point,
        run_id=state.run_id,
        attempts=sum(isinstance(event.fact, Started) for event in events),
        effects={tool: done.get(tool, 0) for tool in TOOLS.values()},
        duplicated=sum(max(0, done.get(tool, 0) - allowed[tool]) for tool in TOOLS.values()),
        lost=sum(not done.get(tool, 0) for tool in TOOLS.values()) + (status != "done"),
        unknown=shown,
        hidden=tuple(effect for effect in doubtful if effect not in shown),
        status=status,
        fault=next(_faults(state, events, requests), ""),
    )


def _allowed(state: RunState, events: Iterable[Event]) -> Counter[str]:
    """How often each effect may have happened: once a decided call, once more for each permission."""
    allowed = Counter(call.call.name for call in _calls(state))
    permissions = (event.fact for event in events if isinstance(event.fact, Settled) and event.fact.how == "run_again")
    allowed.update(TOOLS[fact.effect] for fact in permissions)
    return allowed


def _asked_about(events: Iterable[Event]) -> set[str]:
    unknown = {event.fact.effect for event in events if isinstance(event.fact, Unknown)}
    asked = {e.fact.effect for e in events if isinstance(e.fact, Asked) and e.fact.why == "unknown"}
    return unknown & asked


def _faults(state: RunState, events: Sequence[Event], requests: Mapping[str, int]) -> Iterator[str]:
    starts = [fact for event in events if isinstance(fact := event.fact, Started) and not fact.is_check]
    started = Counter(fact.name or fact.effect for fact in starts)
    yield from (
        f"{name} was asked for {count} times and started {started[name]} times"
        for name, count in requests.items()
        if count > started[name]
    )
    if difference := replay(events).difference:
        yield difference
    if state.ended is not None and state.ended.output != LAST:
        yield f"the answer is another: {state.ended.output}"


def _calls(state: RunState) -> Iterator[CallState]:
    return (call for step in state.steps for call in step.calls)


def _is_once(call: CallState) -> bool:
    return call.tool is not None and call.tool.repeat == "never"
