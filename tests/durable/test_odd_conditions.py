"""A full disk, a clock that is set, no connection left, a loop that dies: said clearly, and survived."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import make_url, text

from core.db.engine import create_engine
from core.domain.agent import Limits
from core.engine.feed import Feed
from core.engine.invariants import faults
from core.engine.state import fold
from core.errors import Unavailable
from core.repositories.presence import Presence
from core.services.executor import Crew, Executor
from tests.support.database_runs import crew, journal_of, record_run, status_of, until_rests, working
from tests.support.engine import ADD, BOOK, SEND, CountingTools, PlannedModel, asks, call, says, spec

STORY = (asks(call("add", 0), call("book", 1)), asks(call("send", 2)), says("All done."))
FULL_DISK = """
CREATE SEQUENCE attempts;
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'finished' AND nextval('attempts') <= {times} THEN
        RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON run_events FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def test_entries_that_find_no_room_are_written_whole_when_there_is_some(engine, caplog):
    with engine.begin() as connection:
        connection.execute(text(FULL_DISK.format(times=3)))
    feed, tools = Feed(), CountingTools()
    with working(engine, PlannedModel(*STORY), tools, feed=feed) as worker:
        run_id, events = record_run(engine, spec(ADD, BOOK, SEND), "worker")
        worker.submit(run_id, events)
        assert until_rests(engine, feed, run_id) == "done"

    assert "The journal cannot be written" in caplog.text
    assert "No space left on device" in caplog.text
    assert sorted(name for name, _ in tools.ran) == ["add", "book", "send"]
    assert faults(journal_of(engine, run_id)) == []


def test_as_long_as_there_is_no_room_the_trouble_is_named_and_nothing_is_half_written(engine, caplog):
    with engine.begin() as connection:
        connection.execute(text(FULL_DISK.format(times=1_000)))
    feed, met = Feed(), asyncio.Event()
    handler = logging.Handler()
    with working(engine, PlannedModel(*STORY), CountingTools(), feed=feed) as worker:
        handler.emit = lambda _: worker.loop.call_soon_threadsafe(met.set)
        logging.getLogger("core.engine.writer").addHandler(handler)
        try:
            run_id, events = record_run(engine, spec(ADD, BOOK, SEND), "worker")
            worker.submit(run_id, events)
            asyncio.run_coroutine_threadsafe(met.wait(), worker.loop).result(10)
            assert "No space left on device" in worker.trouble
        finally:
            logging.getLogger("core.engine.writer").removeHandler(handler)

    journal = journal_of(engine, run_id)
    assert [event.kind for event in journal][-2:] == ["started", "started"]
    assert faults(journal) == []
    assert status_of(engine, run_id) == "queued", "let go of in order: another may go on"


def test_a_clock_that_is_set_forward_and_back_uses_up_no_limit_and_moves_no_entry(engine):
    shown = iter([timedelta(0), *[timedelta(hours=3), timedelta(days=-2)] * 50])
    feed, tools = Feed(), CountingTools()
    with working(engine, PlannedModel(*STORY), tools, feed=feed, now=lambda: datetime.now(UTC) + next(shown)) as worker:
        run_id, events = record_run(engine, spec(ADD, BOOK, SEND, limits=Limits(seconds=60)), "worker")
        worker.submit(run_id, events)
        assert until_rests(engine, feed, run_id) == "done"

    journal = journal_of(engine, run_id)
    assert [event.at for event in journal] == sorted(event.at for event in journal)
    assert fold(journal).totals.active_s < 10
    assert faults(journal) == []


def test_a_run_is_taken_over_by_a_machine_whose_clock_is_behind(engine):
    feed = Feed()
    run_id, _ = record_run(engine, spec(ADD), "ahead", lease_s=0.0)
    behind = lambda: datetime.now(UTC) - timedelta(hours=1)  # noqa: E731
    model = PlannedModel(asks(call("add")), says("3"))
    with working(engine, model, CountingTools(), adopt=1, feed=feed, now=behind):
        assert until_rests(engine, feed, run_id) == "done"

    journal = journal_of(engine, run_id)
    assert [event.seq for event in journal] == list(range(len(journal)))
    assert 0 <= fold(journal).totals.active_s < 5
    assert faults(journal) == []


@pytest.fixture
def few_connections(engine, database_url):
    """An engine that gets six connections and not one more."""
    role = f"few_{make_url(database_url).database}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'few' CONNECTION LIMIT 6")
        connection.exec_driver_sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {role}")
    url = make_url(database_url).set(username=role, password="few")
    few = create_engine(url.render_as_string(hide_password=False))
    yield few
    few.dispose()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")


def test_a_worker_that_gets_no_more_connections_does_one_after_the_other(engine, few_connections):
    feed, tools = Feed(), CountingTools()
    runs = [record_run(engine, spec(ADD))[0] for _ in range(15)]
    model = PlannedModel(asks(call("add")), says("3"))
    taken = [few_connections.connect() for _ in range(3)]  # two are the worker's own: one is left for everything else
    try:
        with working(few_connections, model, tools, adopt=40, feed=feed):
            assert [until_rests(engine, feed, run_id, timeout_s=30) for run_id in runs] == ["done"] * 15
        taken += [few_connections.connect() for _ in range(3)]
        with pytest.raises(Unavailable, match=r"no connection left .* max_connections"):
            few_connections.connect()
    finally:
        for connection in taken:
            connection.close()
    assert len(tools.ran) == 15
    assert [fault for run_id in runs for fault in faults(journal_of(engine, run_id))] == []


def test_a_second_worker_of_the_same_name_neither_starts_nor_takes_anything(engine):
    feed, tools, gate = Feed(), CountingTools(), asyncio.Event()
    model = PlannedModel(asks(call("send")), says("sent"), pause=gate)
    with working(engine, model, tools, name="twin", feed=feed) as first:
        run_id, events = record_run(engine, spec(SEND), "twin")
        first.submit(run_id, events)
        second, ports = crew(engine, model, tools, name="twin", adopt=5)
        with pytest.raises(Unavailable, match="twin is alive already"):
            second.start(ports)
        first.loop.call_soon_threadsafe(gate.set)
        assert until_rests(engine, feed, run_id) == "done"

    assert len(tools.ran) == 1
    assert [event.epoch for event in journal_of(engine, run_id)][1:] == [1] * 8
    assert faults(journal_of(engine, run_id)) == []


def test_a_run_that_waits_is_not_claimed_again_however_often_it_is_asked_for(engine):
    feed = Feed()
    asking = msgspec.structs.replace(SEND, policy="ask")
    with working(engine, PlannedModel(asks(call("send"))), CountingTools(), feed=feed) as worker:
        run_id, events = record_run(engine, spec(asking), "worker")
        for _ in range(50):
            worker.submit(run_id, events)
        assert until_rests(engine, feed, run_id) == "waiting"
        for _ in range(50):
            worker.submit(run_id)
        asked_for = record_run(engine, spec(), "worker")  # behind all those in the loop's line
        worker.submit(*asked_for)
        until_rests(engine, feed, asked_for[0])

    assert [event.kind for event in journal_of(engine, run_id)].count("claimed") == 1


def test_after_a_loop_that_ended_by_a_fault_others_take_over_and_the_next_need_finds_a_new_worker(engine):
    feed, made = Feed(), []

    def make() -> Crew:
        worker, ports = crew(engine, PlannedModel(says("ok")), CountingTools(), feed=feed)
        made.append(worker)
        return Crew(worker, ports, no_clients)

    executor = Executor("worker", make)
    executor.start()
    other = Presence(engine, "other")
    other.announce()
    try:
        made[0].loop.call_soon_threadsafe(made[0].loop.stop)
        for thread in (made[0]._loop_thread, made[0]._keeper._thread):
            thread.join(5)
        assert not executor.is_alive
        assert other.bury_dead() == [], "it left in order"
        run_id, _ = record_run(engine, spec())
        executor.submit(run_id)
        assert until_rests(engine, feed, run_id) == "done"
        assert len(made) == 2
    finally:
        executor.stop()
        other.leave()
    assert faults(journal_of(engine, run_id)) == []


async def no_clients() -> None:
    pass
