"""The worker on a real database: takes over, stops, hears of news."""

import asyncio
import signal
import subprocess
import sys

from core.domain.event import Cancelled, Settled
from core.domain.model_call import Delta
from core.engine.feed import Feed
from core.engine.invariants import faults
from core.engine.remote import RemoteFeed
from core.ids import new_id
from core.repositories.journal import JournalRepository
from tests.support.database_runs import journal_of, record_run, status_of, until_rests, working
from tests.support.engine import ADD, CountingTools, PlannedModel, asks, call, says, spec


def test_a_queued_run_is_adopted_and_finished(engine):
    feed = Feed()
    run_id, _ = record_run(engine, spec(ADD))
    with working(engine, PlannedModel(asks(call("add")), says("3")), CountingTools(), adopt=50, feed=feed):
        assert until_rests(engine, feed, run_id) == "done"

    assert faults(journal_of(engine, run_id)) == []


def test_many_runs_at_once_all_end_and_share_commits(engine):
    feed = Feed()
    model, tools = PlannedModel(asks(call("add")), says("3")), CountingTools()
    with working(engine, model, tools, feed=feed) as worker:
        runs = [record_run(engine, spec(ADD), "worker") for _ in range(50)]
        for run_id, events in runs:
            worker.submit(run_id, events)
        for run_id, _ in runs:
            assert until_rests(engine, feed, run_id) == "done"

    assert [fault for run_id, _ in runs for fault in faults(journal_of(engine, run_id))] == []


def test_a_persons_word_from_another_process_is_heard_at_once(engine):
    feed = Feed()
    with working(engine, PlannedModel(says("long"), pause=asyncio.Event()), CountingTools(), feed=feed) as worker:
        run_id, events = record_run(engine, spec(), "worker")
        with feed.watch(run_id) as watch:
            worker.submit(run_id, events)
            while feed.text(run_id) is None or not feed.text(run_id).parts:
                assert watch.news_blocking(5)
        with engine.begin() as connection:
            JournalRepository(connection).write_outside(run_id, lambda _: Cancelled(who="ada"))

        assert until_rests(engine, feed, run_id, timeout_s=2) == "cancelled"

    assert journal_of(engine, run_id)[-1].fact.output == "long"


def test_a_worker_that_stops_lets_go_and_the_next_goes_on(engine):
    feed = Feed()
    with working(engine, PlannedModel(says("never"), pause=asyncio.Event()), CountingTools(), feed=feed) as worker:
        run_id, events = record_run(engine, spec(), "worker")
        with feed.watch(run_id) as watch:
            worker.submit(run_id, events)
            while feed.text(run_id) is None:
                assert watch.news_blocking(5)
    assert status_of(engine, run_id) == "queued"

    with working(engine, PlannedModel(says("now")), CountingTools(), name="next", adopt=50, feed=feed):
        assert until_rests(engine, feed, run_id) == "done"

    assert [event.fact.attempt for event in journal_of(engine, run_id) if event.kind == "started"] == [1, 2]
    assert faults(journal_of(engine, run_id)) == []


VICTIM = """
import asyncio, sys
from pathlib import Path
from core.db.engine import create_engine
from core.domain.tool import ToolResult
from tests.support.database_runs import record_run, working
from tests.support.engine import ADD, BOOK, SEND, CountingTools, PlannedModel, asks, call, says, spec

class Hanging(CountingTools):
    async def call(self, request):
        with open(sys.argv[3], "a") as effects:
            effects.write(request.key + "\\n")
        print(run_id, flush=True)
        await asyncio.sleep(3600)

engine = create_engine(sys.argv[1])
with working(engine, PlannedModel(asks(call(sys.argv[2]))), Hanging(), name="victim") as worker:
    run_id, events = record_run(engine, spec(ADD, BOOK, SEND), "victim")
    worker.submit(run_id, events)
    sys.stdin.read()
"""


def kill_inside(tool, database_url, effects):
    """Start a process that dies by SIGKILL inside `tool`; the run it leaves behind."""
    from uuid import UUID

    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, database_url, tool, str(effects)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    run_id = UUID(victim.stdout.readline().decode().strip())
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdin.close()
    victim.stdout.close()
    return run_id


def test_killed_inside_a_call_that_must_not_be_repeated_the_run_waits_for_a_person(engine, database_url, tmp_path):
    feed, tools = Feed(), CountingTools()
    run_id = kill_inside("send", database_url, tmp_path / "effects")

    with working(engine, PlannedModel(None, says("settled")), tools, adopt=50, feed=feed) as worker:
        assert until_rests(engine, feed, run_id, timeout_s=6) == "waiting"
        assert tools.ran == []
        with engine.begin() as connection:
            JournalRepository(connection).write_outside(run_id, lambda _: Settled(effect="1.0", how="happened"))
        worker.submit(run_id)
        assert until_rests(engine, feed, run_id) in {"done", "waiting"}

    assert (tmp_path / "effects").read_text().count("\n") == 1
    assert faults(journal_of(engine, run_id)) == []


def test_killed_inside_a_call_with_an_idempotency_key_it_is_repeated_with_the_same(engine, database_url, tmp_path):
    feed, tools = Feed(), CountingTools()
    run_id = kill_inside("book", database_url, tmp_path / "effects")

    with working(engine, PlannedModel(None, says("booked")), tools, adopt=50, feed=feed):
        assert until_rests(engine, feed, run_id, timeout_s=6) == "done"

    assert [key for _, key in tools.ran] == [(tmp_path / "effects").read_text().strip()]
    assert faults(journal_of(engine, run_id)) == []


def test_text_and_entries_of_a_run_reach_watchers_in_another_process(engine):
    """Two workers stand for two processes: each has a feed and connections of its own."""
    here, there = Feed(), Feed()
    gate = asyncio.Event()
    model = PlannedModel(says("a long answer"), pause=gate)
    with (
        working(engine, model, CountingTools(), name="executes", feed=there) as executing,
        working(engine, PlannedModel(), CountingTools(), name="watches", feed=here),
    ):
        run_id, events = record_run(engine, spec(), "executes")
        with here.watch(run_id) as watch:
            executing.submit(run_id, events)
            while here.text(run_id) is None or not here.text(run_id).parts:
                assert watch.news_blocking(5)
            assert "".join(part.text for part in here.text(run_id).parts) == "a long answer"
            executing.loop.call_soon_threadsafe(gate.set)
            while status_of(engine, run_id) == "running":
                assert watch.news_blocking(5)
            assert status_of(engine, run_id) == "done"
        assert here.text(run_id) is None


def test_long_text_crosses_in_pieces_and_a_late_watcher_gets_all_of_it():
    run_id, posts = new_id(), []
    there, here = Feed(), Feed()
    sender = RemoteFeed(there, lambda _: True, posts.append)
    receiver = RemoteFeed(here, lambda _: False, posts.append)
    there.driving(run_id)
    text = "".join(chr(0x1F600 + n % 50) for n in range(5_000))
    there.delta(run_id, "1.m", 1, Delta(text=text, reasoning="hm " * 1_000))

    with here.watch(run_id):
        receiver.turn(0.0)
        for post in posts:
            sender.heard(post, 0.0)
        sender.turn(0.0)
        assert all(len(post.encode()) < 8_000 for post in posts)
        for post in posts:
            receiver.heard(post, 0.0)
            receiver.heard(post, 0.0)  # a post that comes twice changes nothing

        got = here.text(run_id).parts
        assert "".join(part.text for part in got) == text
        assert "".join(part.reasoning for part in got) == "hm " * 1_000


def test_a_long_queue_is_worked_off_within_the_limit_and_by_priority(engine):
    feed, tools = Feed(), CountingTools()
    order = []
    model = PlannedModel(says("ok"))
    runs = [record_run(engine, spec())[0] for _ in range(12)]
    urgent = record_run(engine, spec(), priority=10)[0]
    with working(engine, model, tools, adopt=3, feed=feed) as worker:
        most = 0
        for run_id in [urgent, *runs]:
            most = max(most, worker.driving)
            assert until_rests(engine, feed, run_id) == "done"
        order = sorted([urgent, *runs], key=lambda run_id: journal_of(engine, run_id)[1].at)

    assert most <= 3
    assert urgent in order[:3]


def test_a_batch_leaves_room_for_what_a_person_waits_for(engine):
    feed = Feed()
    model = PlannedModel(says("ok"), pause=asyncio.Event())
    batch = [record_run(engine, spec())[0] for _ in range(6)]
    with working(engine, model, CountingTools(), adopt=4, feed=feed) as worker:
        until_asked(feed, batch[:3])
        assert set(worker.driven()) == set(batch[:3])
        person = record_run(engine, spec(), priority=10)[0]
        until_asked(feed, [person])
        assert set(worker.driven()) == {*batch[:3], person}
        worker.loop.call_soon_threadsafe(model.pause.set)
        for run_id in (*batch, person):
            assert until_rests(engine, feed, run_id) == "done"


def until_asked(feed, run_ids):
    """Block until the model has begun to answer these runs."""
    for run_id in run_ids:
        with feed.watch(run_id) as watch:
            while feed.text(run_id) is None or not feed.text(run_id).parts:
                assert watch.news_blocking(10)


def test_two_workers_share_a_queue_and_run_nothing_twice(engine):
    feed = Feed()
    tools = CountingTools()
    model = PlannedModel(asks(call("add")), says("3"))
    runs = [record_run(engine, spec(ADD))[0] for _ in range(40)]
    with (
        working(engine, model, tools, name="one", adopt=5, feed=feed),
        working(engine, model, tools, name="two", adopt=5, feed=feed),
    ):
        for run_id in runs:
            assert until_rests(engine, feed, run_id, timeout_s=30) == "done"

    assert len(tools.ran) == len(set(tools.ran)) == 40
    assert [fault for run_id in runs for fault in faults(journal_of(engine, run_id))] == []
