"""The database goes away under a running worker, and comes back: nothing is lost, nothing happens twice."""

import asyncio
import random
import threading
import time

import pytest

from core.db.embedded import ensure_postgres, leave_postgres
from core.db.engine import create_engine
from core.db.migrate import migrate
from core.engine.feed import Feed
from core.engine.invariants import faults
from tests.support.database_runs import journal_of, record_run, until_rests, working
from tests.support.embedded import kill_server
from tests.support.engine import ADD, BOOK, SEND, CountingTools, PlannedModel, asks, call, says, spec
from tests.support.pg_proxy import door

STORY = (asks(call("add", 0), call("book", 1)), asks(call("send", 2)), says("All done."))


@pytest.fixture
def behind_door(database_url):
    """An engine that reaches the database through a door."""
    with door(database_url) as made:
        away = create_engine(made.url)
        yield away, made
        away.dispose()


def text_comes(feed, run_id):
    with feed.watch(run_id) as watch:
        while feed.text(run_id) is None or not feed.text(run_id).parts:
            assert watch.news_blocking(5)


def attempts(events):
    return [event.fact.attempt for event in events if event.kind == "started"]


def test_a_stream_goes_on_while_postgres_is_restarted(tmp_path):
    url = ensure_postgres(tmp_path)
    engine = create_engine(url)
    try:
        migrate(engine)
        feed, gate, tools = Feed(), asyncio.Event(), CountingTools()
        model = PlannedModel(*STORY, pause=gate)
        with working(engine, model, tools, feed=feed) as worker:
            run_id, events = record_run(engine, spec(ADD, BOOK, SEND), "worker")
            worker.submit(run_id, events)
            text_comes(feed, run_id)
            kill_server(tmp_path)
            worker.loop.call_soon_threadsafe(gate.set)
            assert until_rests(engine, feed, run_id, timeout_s=30) == "done"
        journal = journal_of(engine, run_id)
    finally:
        engine.dispose()
        leave_postgres(tmp_path)

    assert attempts(journal) == [1] * 6
    assert sorted(name for name, _ in tools.ran) == ["add", "book", "send"]
    assert faults(journal) == []


def seconds_away():
    return [pytest.param(1.5, id="a moment"), pytest.param(20.0, id="20 s", marks=pytest.mark.slow)]


@pytest.mark.parametrize("away_s", seconds_away())
def test_runs_in_every_phase_wait_for_the_database_and_go_on(engine, behind_door, away_s):
    far, between = behind_door
    feed, tools, began = Feed(), SlowTools(), threading.Barrier(2, timeout=10)
    tools.after_effect = lambda effects: effects == 30 and began.wait()
    with working(far, SlowModel(*STORY), tools, feed=feed, lease_s=3.0) as worker:
        runs = [record_run(engine, spec(ADD, BOOK, SEND), "worker", lease_s=3.0) for _ in range(40)]
        for run_id, events in runs:
            worker.submit(run_id, events)
        began.wait()
        between.shut()
        time.sleep(away_s)  # what is tested is that time passes
        between.open()
        assert [until_rests(engine, feed, run_id, timeout_s=30) for run_id, _ in runs] == ["done"] * 40
        journals = [journal_of(engine, run_id) for run_id, _ in runs]

    assert len(tools.ran) == len(set(tools.ran)) == 120
    assert {number for journal in journals for number in attempts(journal)} == {1}
    assert [fault for journal in journals for fault in faults(journal)] == []


class SlowModel(PlannedModel):
    async def ask(self, request, on_delta):
        await asyncio.sleep(random.uniform(0.005, 0.05))
        return await super().ask(request, on_delta)


class SlowTools(CountingTools):
    async def call(self, request):
        await asyncio.sleep(random.uniform(0.005, 0.05))
        return await super().call(request)


def test_queued_runs_are_taken_up_when_the_database_is_back(engine, behind_door):
    far, between = behind_door
    feed = Feed()
    with working(far, PlannedModel(says("ok")), CountingTools(), adopt=5, feed=feed):
        between.shut()
        run_id, _ = record_run(engine, spec())
        between.open()
        assert until_rests(engine, feed, run_id) == "done"


@pytest.mark.parametrize("how", ["shut", "hang"])
def test_a_worker_stops_within_seconds_while_the_database_is_away(engine, behind_door, how):
    far, between = behind_door
    feed, gate = Feed(), asyncio.Event()
    with working(far, PlannedModel(says("the end"), pause=gate), CountingTools(), feed=feed) as worker:
        run_id, events = record_run(engine, spec(), "worker")
        worker.submit(run_id, events)
        text_comes(feed, run_id)
        getattr(between, how)()
        worker.loop.call_soon_threadsafe(gate.set)
        for _ in range(2):  # the keeper tries, and the writer of the end
            assert between.knocks.acquire(timeout=5)
        began = time.monotonic()
        worker.stop()
        took_s = time.monotonic() - began
        between.open()
    assert took_s < 9
    assert faults(journal_of(engine, run_id)) == []


def test_a_fault_of_the_code_is_recorded_when_the_database_is_back(engine, behind_door):
    far, between = behind_door
    feed, tools, inside = Feed(), CountingTools(), threading.Event()
    tools.hold, tools.raises = asyncio.Event(), ZeroDivisionError("a bug")
    tools.call = entered(tools.call, inside)
    with working(far, PlannedModel(asks(call("send"))), tools, feed=feed) as worker:
        run_id, events = record_run(engine, spec(SEND), "worker")
        worker.submit(run_id, events)
        assert inside.wait(5)
        between.shut()
        worker.loop.call_soon_threadsafe(tools.hold.set)
        assert between.knocks.acquire(timeout=5)
        between.open()
        assert until_rests(engine, feed, run_id) == "failed"

    journal = journal_of(engine, run_id)
    assert [event.kind for event in journal][-2:] == ["unknown", "ended"]
    assert journal[-1].fact.error.kind == "internal"
    assert faults(journal) == []


def entered(tool_call, inside):
    async def enter(request):
        inside.set()
        return await tool_call(request)

    return enter
