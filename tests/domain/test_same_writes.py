import msgspec

from core.domain.event import Answered, Asked
from core.domain.same_writes import same_writes, waits_alone
from core.engine.state import fold
from tests.support.engine import (
    ADD,
    SEND,
    CountingTools,
    MemoryJournal,
    PlannedModel,
    asks,
    call,
    drive,
    says,
    spec,
)

ASKING = msgspec.structs.replace(SEND, policy="ask")


async def waiting(arguments: str = '{"a": 1, "b": 2}', tool=ASKING) -> MemoryJournal:
    """A run whose model asked for one call of a tool, and that went as far as it can."""
    journal = MemoryJournal(spec(tool))
    await drive(journal, PlannedModel(asks(call(tool.name, arguments=arguments)), says("done")), CountingTools())
    return journal


def states(*journals: MemoryJournal):
    return [fold(journal.events) for journal in journals]


async def test_two_runs_that_wait_with_the_same_write_are_found():
    one, two = await waiting(), await waiting('{"b":2,  "a":1}')
    (found,) = same_writes(states(one, two))
    assert (found.tool, found.arguments, found.made_by) == ("send", '{"a":1,"b":2}', ())
    assert [waits.run_id for waits in found.waiting] == [one.run_id, two.run_id]
    asked = next(event.fact for event in one.events if isinstance(event.fact, Asked))
    assert (found.waiting[0].effect, found.waiting[0].shown) == ("1.0", asked.shown)


async def test_a_write_that_was_made_elsewhere_is_named():
    one, two = await waiting(), await waiting()
    asked = next(event.fact for event in one.events if isinstance(event.fact, Asked))
    one.write_outside(Answered(effect="1.0", say="approve", shown=asked.shown))
    await drive(one, PlannedModel(asks(call("send")), says("done")), CountingTools())
    (found,) = same_writes(states(one, two))
    assert [waits.run_id for waits in found.waiting] == [two.run_id]
    assert found.made_by == (one.run_id,)


async def test_other_arguments_are_another_write_and_one_run_alone_is_none():
    one, two = await waiting(), await waiting('{"a": 1, "b": 3}')
    assert same_writes(states(one, two)) == same_writes(states(one)) == ()


async def test_what_only_looks_is_no_write():
    reading = msgspec.structs.replace(ADD, policy="ask")
    assert same_writes(states(await waiting(tool=reading), await waiting(tool=reading))) == ()


async def test_a_call_waits_alone_unless_another_run_wants_the_same():
    for_others = spec(ASKING, asks_for_others=("send",))
    mine = MemoryJournal(for_others)
    await drive(mine, PlannedModel(asks(call("send")), says("done")), CountingTools())
    (state,) = states(mine)
    other, different = await waiting(), await waiting('{"a": 1, "b": 3}')

    assert [effect for effect, _ in waits_alone(state, states(different))] == ["1.0"]
    assert list(waits_alone(state, states(different, other))) == []
    asked = next(event.fact for event in other.events if isinstance(event.fact, Asked))
    other.write_outside(Answered(effect="1.0", say="approve", shown=asked.shown))
    assert list(waits_alone(state, states(other))) == [], "it was let through and is about to begin"
    (theirs,) = states(await waiting())
    assert list(waits_alone(theirs, [])) == [], "a tool that is to ask asks a person"
