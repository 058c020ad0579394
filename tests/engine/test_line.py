"""A run that stands in line for its endpoint has started nothing, and says what it waits for."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from core.domain.agent import Limits
from core.domain.event import Cancelled, Created, Started
from core.engine.drive import Drive
from core.engine.feed import Feed
from core.engine.invariants import faults
from core.engine.state import fold
from core.errors import Fenced
from core.ids import new_id
from tests.support.engine import ADD, CountingTools, MemoryJournal, PlannedModel, asks, call, kinds, ports, says, spec


class Room:
    has_come = has_waited = False

    def __init__(self, on_come):
        self.on_come, self.left = on_come, 0

    def come(self):
        self.has_come = True
        self.on_come()

    def leave(self):
        self.left += 1


class Line:
    """Lets in who it is told to."""

    def __init__(self):
        self.rooms, self.urgent = [], []
        self.joined = asyncio.Event()

    def enter(self, _endpoint, *, urgent, on_come, say):
        self.rooms.append(Room(on_come))
        self.urgent.append(urgent)
        say("Waiting for room.")
        self.rooms[-1].has_waited = True
        self.joined.set()
        return self.rooms[-1]

    async def next(self):
        await self.joined.wait()
        self.joined.clear()
        return self.rooms[-1]


@pytest.fixture
def line():
    return Line()


def driven(journal, line, *replies, **changes):
    made = ports(journal, PlannedModel(*replies), CountingTools(), changes.pop("feed", None))
    return Drive(journal.claim(), msgspec.structs.replace(made, rooms=line, **changes))


async def test_the_intent_is_recorded_when_there_is_room_and_the_room_is_left_when_the_answer_is_there(line):
    journal, feed = MemoryJournal(spec(ADD)), Feed()
    run = driven(journal, line, asks(call("add")), says("It is 3."), feed=feed)
    task = asyncio.create_task(run.run())
    first = await line.next()
    assert kinds(journal.events) == ["created", "claimed"]
    assert feed.text(journal.run_id).waiting == "Waiting for room."
    first.come()
    second = await line.next()
    assert first.left == 1
    await asyncio.sleep(0)
    while kinds(journal.events)[-1] != "finished 1.0":  # what happened is durable while it waits
        await asyncio.sleep(0)
    assert feed.text(journal.run_id).effect == "2.m"
    second.come()
    assert await task == "done"
    assert second.left == 1
    assert faults(journal.events) == []


async def test_time_in_line_uses_up_no_limit_and_stands_in_the_journal(line):
    journal = MemoryJournal(spec(limits=Limits(seconds=60)))
    task = asyncio.create_task(driven(journal, line, says("done")).run())
    room = await line.next()
    journal.clock += timedelta(hours=1)
    room.come()
    assert await task == "done"
    (start,) = [event.fact for event in journal.events if isinstance(event.fact, Started)]
    assert 3600 <= start.waited_s < 3601
    assert fold(journal.events).totals.active_s < 1


async def test_a_run_that_is_cancelled_in_line_gives_up_its_place_and_asks_nobody(line):
    journal = MemoryJournal(spec())
    run = driven(journal, line)
    task = asyncio.create_task(run.run())
    room = await line.next()
    journal.write_outside(Cancelled(who="ada"))
    run.tell()
    assert await task == "cancelled"
    assert room.left == 1
    assert kinds(journal.events) == ["created", "claimed", "cancelled", "ended"]


async def test_a_cancellation_that_comes_together_with_the_room_wins(line):
    journal = MemoryJournal(spec())
    task = asyncio.create_task(driven(journal, line).run())
    room = await line.next()
    journal.write_outside(Cancelled(who="ada"))
    room.come()
    assert await task == "cancelled"
    assert room.left == 1


async def test_who_lost_the_run_while_it_stood_in_line_starts_nothing(line):
    journal = MemoryJournal(spec())

    async def never_again():
        raise Fenced

    run = driven(journal, line, holds_lease=lambda: False, lease_again=never_again)
    task = asyncio.create_task(run.run())
    room = await line.next()
    room.come()
    with pytest.raises(Fenced):
        await task
    assert room.left == 1
    assert kinds(journal.events) == ["created", "claimed"]


async def test_a_process_that_stops_gives_up_its_places_in_line(line):
    journal = MemoryJournal(spec())
    task = asyncio.create_task(driven(journal, line).run())
    room = await line.next()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert room.left == 1


@pytest.mark.parametrize("batch_id", [None, new_id()])
async def test_a_run_of_a_batch_is_not_urgent(line, batch_id):
    journal = MemoryJournal(spec())
    journal.events.clear()
    journal._write(Created(spec=spec(), input="hello", batch_id=batch_id))
    task = asyncio.create_task(driven(journal, line, says("done")).run())
    (await line.next()).come()
    await task
    assert line.urgent == [batch_id is None]
