"""Room at endpoints with limits: several processes in one, each with a connection of its own, on a real database."""

import asyncio

import pytest
from sqlalchemy import text

from core.db.engine import create_engine
from core.domain.endpoint import Endpoint, EndpointLimits
from core.engine.rooms import Rooms
from core.repositories.rooms import PLACES, RoomLine
from tests.support.pg_proxy import door

LIMIT_S = 10.0


@pytest.fixture
async def process(engine):
    """Makes the lines of one more process."""
    made = []

    def make():
        made.append(Rooms(RoomLine(engine)))
        return made[-1]

    yield make
    for rooms in made:
        await asyncio.to_thread(rooms.stop)


class Visitor:
    """One request."""

    def __init__(self, rooms, *, urgent=True, name="e", **limits):
        self.said, self._news = [], asyncio.Event()
        endpoint = Endpoint(name=name, kind="openai", limits=EndpointLimits(**limits))
        self.room = rooms.enter(endpoint, urgent=urgent, on_come=self._news.set, say=self._hear)

    def _hear(self, words):
        self.said.append(words)
        self._news.set()

    async def until(self, done):
        async with asyncio.timeout(LIMIT_S):
            while not done():
                await self._news.wait()
                self._news.clear()
        return self

    async def inside(self):
        return await self.until(lambda: self.room.has_come)

    async def refused(self):
        return await self.until(lambda: self.said)


async def test_over_all_processes_so_many_and_the_others_wait(process):
    here, there = process(), process()
    first, second = await Visitor(here, concurrency=2).inside(), await Visitor(there, concurrency=2).inside()
    third = await Visitor(here, concurrency=2).refused()
    fourth = await Visitor(there, concurrency=2).refused()
    assert third.said == fourth.said == ["Waiting for room at e: 2 under way."]
    assert not first.room.has_waited
    second.room.leave()
    await asyncio.wait([asyncio.ensure_future(one.inside()) for one in (third, fourth)], return_when="FIRST_COMPLETED")
    assert third.room.has_come != fourth.room.has_come
    first.room.leave()
    await third.inside()
    await fourth.inside()
    assert third.room.has_waited


async def test_first_come_first_served_within_a_process(process):
    rooms = process()
    inside = await Visitor(rooms, concurrency=1).inside()
    line = [await Visitor(rooms, concurrency=1).refused() for _ in range(3)]
    for one in line:
        assert not one.room.has_come
        inside.room.leave()
        inside = await one.inside()


async def test_another_endpoint_has_its_own_room(process):
    rooms = process()
    await Visitor(rooms, name="a", concurrency=1).inside()
    await Visitor(rooms, name="b", concurrency=1).inside()


async def test_who_gives_up_leaves_the_line_and_a_place_that_came_too_late_goes_to_the_next(process):
    rooms = process()
    inside = await Visitor(rooms, concurrency=1).inside()
    gone, late, last = [await Visitor(rooms, concurrency=1).refused() for _ in range(3)]
    gone.room.leave()
    gone.room.leave()
    inside.room.leave()
    await late.inside()
    late.room.leave()
    await last.inside()
    assert not gone.room.has_come


async def test_who_gives_up_in_the_moment_of_being_let_in_blocks_nobody(process):
    rooms = process()
    for _ in range(30):
        Visitor(rooms, concurrency=1).room.leave()
    await Visitor(rooms, concurrency=1).inside()


async def test_who_a_person_waits_for_goes_first_in_every_process(process):
    here, there = process(), process()
    inside = await Visitor(here, concurrency=1).inside()
    batch = [await Visitor(rooms, concurrency=1, urgent=False).refused() for rooms in (here, there)]
    person = await Visitor(here, concurrency=1).refused()
    inside.room.leave()
    await person.inside()
    assert not any(one.room.has_come for one in batch)
    second = await Visitor(there, concurrency=1).refused()
    third = await Visitor(here, concurrency=1).refused()
    person.room.leave()
    await asyncio.wait([asyncio.ensure_future(one.inside()) for one in (second, third)], return_when="FIRST_COMPLETED")
    (second if second.room.has_come else third).room.leave()
    await second.inside()
    await third.inside()
    assert not any(one.room.has_come for one in batch)
    third.room.leave()
    second.room.leave()
    await asyncio.wait([asyncio.ensure_future(one.inside()) for one in batch], return_when="FIRST_COMPLETED")


async def test_a_batch_that_could_go_waits_while_a_person_stands_in_line_elsewhere(process):
    here, there = process(), process()
    held = [await Visitor(here, concurrency=2).inside() for _ in range(2)]
    person = await Visitor(here, concurrency=2).refused()
    batch = await Visitor(there, concurrency=3, urgent=False).refused()
    assert batch.said == ["Waiting for room at e: somebody waits for another run."]
    held[0].room.leave()
    await person.inside()
    await batch.inside()


async def test_a_minute_has_so_many_requests_over_all_processes(process, engine):
    here, there = process(), process()
    visitors = [Visitor(rooms, requests_per_minute=5) for rooms in (here, there, here, there, here)]
    for one in visitors:
        await one.inside()
        one.room.leave()  # who is done has used up its part all the same
    late = await Visitor(there, requests_per_minute=5).refused()
    assert late.said == ["Waiting for the next minute's budget of e: 5 requests a minute."]
    assert not late.room.has_come
    _a_minute_passes_but(engine, 1.0)
    looking = Visitor(here, requests_per_minute=5)  # who comes looks at once; who waits knows when to look
    await looking.refused()
    await looking.inside()


async def test_the_budget_comes_back_by_itself(process, engine):
    _spend(engine, ago_s=59, count=2)
    late = await Visitor(process(), requests_per_minute=2).refused()
    await late.inside()


async def test_what_was_sent_before_the_clock_was_set_back_does_not_count(process, engine):
    _spend(engine, ago_s=-3600, count=2)
    await Visitor(process(), requests_per_minute=2).inside()


async def test_who_waits_for_the_budget_keeps_no_place(process, engine):
    _spend(engine, ago_s=0, count=1)
    rooms = process()
    await Visitor(rooms, concurrency=1, requests_per_minute=1).refused()
    await Visitor(process(), concurrency=1).inside()


async def test_without_limits_nothing_is_asked_and_no_thread_begins(engine):
    class NoDatabase:
        def __getattr__(self, name):
            raise AssertionError(f"{name} was called")

    rooms = Rooms(NoDatabase())
    assert Visitor(rooms).room.has_come
    rooms.stop()


async def test_a_place_is_taken_again_after_the_connection_was_lost(process, engine):
    here, there = process(), process()
    inside = await Visitor(here, concurrency=1).inside()
    assert _end_who_holds_a_place(engine) == 1
    await asyncio.to_thread(_until_a_place_is_held, engine)
    waiting = await Visitor(there, concurrency=1).refused()
    inside.room.leave()
    await waiting.inside()


async def test_the_places_of_a_process_that_died_are_free(process, engine):
    class Dead(RoomLine):
        def connect(self):
            if not self._line.is_open and self._held:
                raise AssertionError("it died")
            super().connect()

    line = Dead(engine)
    line.prepare()
    line.enter("e", EndpointLimits(concurrency=1), urgent=True)
    waiting = await Visitor(process(), concurrency=1).refused()
    line._line.drop()  # what kill -9 does: nobody is told
    await waiting.inside()
    line.close()


async def test_a_line_outlives_its_database(process, database_url):
    inside = await Visitor(process(), concurrency=1).inside()
    with door(database_url) as way:
        behind = create_engine(way.url)
        rooms = Rooms(RoomLine(behind))
        waiting = await Visitor(rooms, concurrency=1).refused()
        await asyncio.to_thread(way.shut)
        await waiting.until(lambda: waiting.said[-1] == "Waiting for the database.")
        inside.room.leave()
        await asyncio.to_thread(way.open)
        await waiting.inside()
        await asyncio.to_thread(rooms.stop)
        behind.dispose()


def _spend(engine, ago_s, count):
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO endpoint_budgets (name, sent) SELECT 'e', "
                "jsonb_build_object(floor(extract(epoch FROM clock_timestamp()))::bigint - :ago, CAST(:count AS int))"
            ),
            {"ago": ago_s, "count": count},
        )


def _a_minute_passes_but(engine, left_s):
    """What was sent counts for `left_s` more."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE endpoint_budgets SET sent = (SELECT jsonb_object_agg(key::bigint - 60 + :left, value) "
                "FROM jsonb_each(sent))"
            ),
            {"left": int(left_s)},
        )


_HOLDERS = "FROM pg_locks WHERE locktype = 'advisory' AND classid = :places AND granted"


def _end_who_holds_a_place(engine):
    with engine.begin() as connection:
        return len(connection.execute(text(f"SELECT pg_terminate_backend(pid) {_HOLDERS}"), {"places": PLACES}).all())


def _until_a_place_is_held(engine):
    with engine.connect() as connection:
        for _ in range(500):
            connection.execute(text("SELECT pg_sleep(0.01)"))
            if connection.execute(text(f"SELECT count(*) {_HOLDERS}"), {"places": PLACES}).scalar_one():
                return
    raise AssertionError("nobody took the place again")
