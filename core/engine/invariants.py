"""What must hold of every journal, whatever was killed when. One checker, run after every crash test and on demand."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.domain.chain import seal
from core.domain.event import (
    Answered,
    Asked,
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
    attempt_of,
    effect_of,
)
from core.domain.tool import ToolSpec
from core.engine.actions import CallModel, CallTools, End, Record
from core.engine.decide import decide
from core.engine.state import add, fold

Faults = Iterator[str]
TAKEN_OVER = 0
"""The attempt of an outcome that was not executed here: a fork's, or a person's own call."""


def faults(events: Sequence[Event]) -> list[str]:
    """Every broken invariant in words; empty when the journal is sound."""
    checks: Iterable[Callable[[Sequence[Event]], Faults]] = (
        _places,
        _epochs,
        _chain,
        _outcomes,
        _keys,
        _once,
        _approvals,
        _inquiries,
        _end,
        _replay,
    )
    return [fault for check in checks for fault in check(events)]


def _places(events: Sequence[Event]) -> Faults:
    if [event.seq for event in events] != list(range(len(events))):
        yield "the places are not 0…n-1 without holes"
    if not events or not isinstance(events[0].fact, Created):
        yield "the first entry is not `created`"


def _epochs(events: Sequence[Event]) -> Faults:
    epochs = [event.epoch for event in events]
    if epochs != sorted(epochs):
        yield "an entry of an older epoch follows one of a newer"
    claims = Counter(event.epoch for event in events if isinstance(event.fact, Claimed))
    yield from (f"epoch {epoch} was claimed {count} times" for epoch, count in claims.items() if count > 1)


def _chain(events: Sequence[Event]) -> Faults:
    head = b""
    for event in events:
        if seal(event.run_id, event.seq, event.epoch, event.at, event.fact, head).hash != event.hash:
            yield f"entry {event.seq} does not fit the hash chain"
        head = event.hash


def _outcomes(events: Sequence[Event]) -> Faults:
    """One intent before each outcome, one outcome an attempt, one result an effect."""
    started: set[tuple[str, int]] = set()
    ended: set[tuple[str, int]] = set()
    results: Counter[str] = Counter()
    for event in events:
        match event.fact:
            case Started(effect=effect, attempt=attempt):
                if (effect, attempt) in started:
                    yield f"{effect} attempt {attempt} was started twice"
                started.add((effect, attempt))
            case Decision() | Finished() | Unknown():
                place = (effect_of(event.fact) or "", attempt_of(event.fact) or 0)
                if place not in started and place[1] != TAKEN_OVER:
                    yield f"{place[0]} has an outcome without an intent"
                if place in ended:
                    yield f"{place[0]} attempt {place[1]} has two outcomes"
                ended.add(place)
                results[place[0]] += not isinstance(event.fact, Unknown) and not place[0].endswith(".m")
            case Refused(effect=effect):
                results[effect] += 1
            case _:
                pass
    yield from (f"{effect} has {count} results" for effect, count in results.items() if count > 1)


def _keys(events: Sequence[Event]) -> Faults:
    """Every attempt of a call carries the same idempotency key."""
    keys: dict[str, str] = {}
    for event in events:
        fact = event.fact
        if isinstance(fact, Started) and fact.key and keys.setdefault(fact.effect, fact.key) != fact.key:
            yield f"{fact.effect} changed its key"


def _once(events: Sequence[Event]) -> Faults:
    """A tool that must not be repeated was started once, plus once for each permission.

    A person gives one, or the tool's status check that says that the call did not happen.
    """
    starts: Counter[str] = Counter()
    permissions: Counter[str] = Counter()
    tools = _tools(events)
    for event in events:
        if isinstance(event.fact, Started) and event.fact.name and not event.fact.is_check:
            tool = tools.get(event.fact.name)
            starts[event.fact.effect] += tool is not None and tool.repeat in {"never", "check"}
        match event.fact:
            case Settled(effect=effect, how="run_again") | Unknown(effect=effect, is_absent=True):
                permissions[effect] += 1
            case _:
                pass
    yield from (
        f"{effect} was started {count} times with {permissions[effect]} permissions"
        for effect, count in starts.items()
        if count > 1 + permissions[effect]
    )


def _approvals(events: Sequence[Event]) -> Faults:
    """No call that needs approval starts before a person approved what was shown."""
    approved: set[str] = set()
    asked: dict[str, str] = {}
    tools = _tools(events)
    for event in events:
        match event.fact:
            case Asked(effect=effect, why="approval", shown=shown):
                asked[effect] = shown
            case Answered(effect=effect, say="approve", shown=shown, tool=tool) if asked.get(effect) == shown:
                approved |= {effect, tool}
            case Started(effect=effect, name=name) if (
                name and tools[name].policy == "ask" and not approved & {effect, name}
            ):
                yield f"{effect} started before it was approved"
            case _:
                pass


def _inquiries(events: Sequence[Event]) -> Faults:
    """Only a call under way asks, and each question has one answer."""
    under_way: set[str] = set()
    open_: set[str] = set()
    asked: set[str] = set()
    for event in events:
        match event.fact:
            case Started(effect=effect):
                under_way.add(effect)
            case Finished(effect=effect) | Unknown(effect=effect):
                under_way.discard(effect)
            case Asked(effect=effect, why="input", shown=shown):
                if effect not in under_way:
                    yield f"{effect} asked a person without being under way"
                open_.add(shown)
                asked.add(shown)
            case Answered(effect=effect, shown=shown) if shown in asked:
                if shown not in open_:
                    yield f"a question of {effect} was answered twice"
                open_.discard(shown)
            case _:
                pass


def _end(events: Sequence[Event]) -> Faults:
    ends = [event.seq for event in events if isinstance(event.fact, Ended)]
    if len(ends) > 1:
        yield "the run ended twice"
    if ends and ends[0] != len(events) - 1:
        yield "an entry follows the end"


def _replay(events: Sequence[Event]) -> Faults:
    """Whatever was started, recorded or ended is what `decide` says from the entries before it."""
    if not events:
        return
    state = fold(events[:1])
    for event in events[1:]:
        if not _decided(event, decide(state)):
            yield f"entry {event.seq} ({event.kind}) is not what decide says there"
        add(state, event)


def _decided(event: Event, action: object) -> bool:
    match event.fact:
        case Started(effect=effect, attempt=attempt, name=""):
            return isinstance(action, CallModel) and (f"{action.step}.m", action.attempt) == (effect, attempt)
        case Started(effect=effect, attempt=attempt, is_check=is_check):
            # Entries of one commit were decided together, so a start may stand behind its siblings.
            place = (effect, attempt, is_check)
            return isinstance(action, CallTools) and place in {(c.effect, c.attempt, c.is_check) for c in action.calls}
        case Asked(why="input"):
            return True
        case Refused() | Asked():
            return isinstance(action, Record) and effect_of(event.fact) in {effect_of(fact) for fact in action.facts}
        case Ended():
            return _is_this_end(event.fact, action)
        case _:
            return True


def _is_this_end(fact: Ended, action: object) -> bool:
    """An end of the project's own fault can come at any place. A verdict's words may differ between releases."""
    if fact.error is not None and fact.error.kind == "internal":
        return True
    if not isinstance(action, End) or (action.fit is None) != (fact.fit is None):
        return False
    fits_alike = action.fit is None or fact.fit is None or action.fit.is_good == fact.fit.is_good
    return action.status == fact.status and fits_alike


def _tools(events: Sequence[Event]) -> dict[str, ToolSpec]:
    created = events[0].fact
    return {tool.name: tool for tool in created.spec.tools} if isinstance(created, Created) else {}
