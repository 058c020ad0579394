"""What keeps a worker among the living: its lock, its lease, its ear; and what it does when one of them is gone."""

import random
import threading
import time
from datetime import timedelta

import pytest

from core.domain.chain import seal
from core.domain.event import Ended, Started
from core.domain.journal import Batch
from core.engine.clock import RunClock
from core.engine.feed import Feed
from core.engine.invariants import faults
from core.engine.keeper import RUNS, TEXT
from core.errors import Unavailable
from core.repositories.claims import Claims
from core.repositories.journal_store import JournalStore
from core.repositories.presence import Presence
from tests.support.database_runs import journal_of, record_run, status_of, until_rests, working
from tests.support.engine import ADD, START, CountingTools, PlannedModel, asks, call, says, spec


def test_a_second_worker_of_the_same_name_does_not_start(engine):
    first, second = Presence(engine, "twin"), Presence(engine, "twin")
    first.announce()
    try:
        with pytest.raises(Unavailable, match="twin is alive already"):
            second.announce()
        first.announce()  # its own lock is no hindrance
    finally:
        first.leave()
    second.announce()
    second.leave()


def test_who_has_the_lock_is_not_buried_however_early_it_is_looked_at(engine):
    ours, theirs = Presence(engine, "ours"), Presence(engine, "theirs")
    ours.announce()
    theirs.announce()
    try:
        assert ours.bury_dead() == []
    finally:
        theirs.leave()
        ours.leave()


def test_a_notification_that_came_beside_an_answer_is_heard_at_once(engine):
    ear, mouth = Presence(engine, "ear", (RUNS,)), Presence(engine, "mouth")
    ear.announce()
    mouth.announce()
    try:
        mouth.notify(RUNS, "news")
        ear.bury_dead()  # takes the notification off the wire together with its own answer
        began = time.monotonic()
        assert ear.wait(5) == [(RUNS, "news")]
        assert time.monotonic() - began < 1
    finally:
        mouth.leave()
        ear.leave()


def test_a_notification_of_another_version_is_passed_over(engine):
    feed = Feed()
    stranger = Presence(engine, "stranger")
    stranger.announce()
    with working(engine, PlannedModel(says("ok")), CountingTools(), adopt=5, feed=feed) as worker:
        stranger.notify(RUNS, "not an id")
        stranger.notify(TEXT, '["of a later version"]')
        stranger.leave()
        run_id, _ = record_run(engine, spec())
        assert until_rests(engine, feed, run_id) == "done"
        assert worker.is_alive


def test_renewing_leases_and_appending_entries_never_wait_for_each_other_in_a_circle(engine):
    runs = {run_id: (2, events[-1].hash) for run_id, events in (record_run(engine, spec(), "me") for _ in range(40))}
    store, over, met = JournalStore(engine, "me"), threading.Event(), []

    def renew() -> None:
        while not over.is_set():
            try:
                assert store.renew(random.sample(list(runs), len(runs)), 15) == set(runs)
            except Unavailable as error:
                met.append(error)

    thread = threading.Thread(target=renew)
    thread.start()
    for attempt in range(60):
        batches = [intent(run_id, *runs[run_id], attempt) for run_id in random.sample(list(runs), len(runs))]
        assert set(store.append(batches).values()) == {"written"}
        runs = {batch.run_id: (batch.first_seq + 1, batch.head) for batch in batches}
    over.set()
    thread.join()
    store.close()
    assert met == []


def intent(run_id, seq, head, attempt):
    event = seal(run_id, seq, 1, START, Started(effect="1.m", attempt=attempt), head)
    return Batch(run_id=run_id, epoch=1, events=(event,), first_seq=seq, head=event.hash)


def test_only_runs_that_are_still_ours_are_renewed(engine):
    ours, events = record_run(engine, spec(), "me")
    theirs, _ = record_run(engine, spec(), "somebody else")
    store = JournalStore(engine, "me")
    assert store.renew([ours, theirs], 15) == {ours}
    end = seal(ours, 2, 1, START, Ended(status="done"), events[-1].hash)
    store.append([Batch(run_id=ours, epoch=1, events=(end,), first_seq=2, head=end.hash, status="done")])
    assert store.renew([ours], 15) == set()
    store.close()


def test_a_run_whose_dead_workers_lease_has_not_run_out_is_taken_up_when_it_has(engine):
    """Asked for too early, it is asked for again while somebody watches."""
    feed = Feed()
    run_id, _ = record_run(engine, spec(ADD), "died without a word", lease_s=1.0)
    with working(engine, PlannedModel(asks(call("add")), says("3")), CountingTools(), adopt=0, feed=feed) as worker:
        worker.submit(run_id)
        assert until_rests(engine, feed, run_id, timeout_s=8) == "done"
    assert faults(journal_of(engine, run_id)) == []


def test_a_run_that_waits_for_a_person_is_not_claimed(engine):
    run_id, events = record_run(engine, spec(), "me")
    JournalStore(engine, "me").append(
        [Batch(run_id=run_id, epoch=1, first_seq=2, head=events[-1].hash, status="waiting")]
    )
    assert status_of(engine, run_id) == "waiting"
    assert Claims(engine, "me", "test", 15).claim(run_id) is None
    assert len(journal_of(engine, run_id)) == 2


class Unreadable:
    """Claims, of which one run's journal cannot be read by this code."""

    def __init__(self, claims, run_id):
        self._claims, self._run_id, self.asked = claims, run_id, 0

    def claim(self, run_id):
        if run_id == self._run_id:
            self.asked += 1
            raise ValueError("an entry of a later version")
        return self._claims.claim(run_id)

    def __getattr__(self, name):
        return getattr(self._claims, name)


def test_a_run_that_cannot_be_driven_here_is_left_alone_and_blocks_nobody(engine, monkeypatch):
    bad = record_run(engine, spec(), priority=100)[0]
    unreadable = Unreadable(Claims(engine, "worker", "test", 15), bad)
    monkeypatch.setattr("tests.support.database_runs.Claims", lambda *_: unreadable)
    feed = Feed()
    good = [record_run(engine, spec())[0] for _ in range(5)]
    with working(engine, PlannedModel(says("ok")), CountingTools(), adopt=1, feed=feed):
        for run_id in good:
            assert until_rests(engine, feed, run_id) == "done"
    assert (unreadable.asked, status_of(engine, bad)) == (1, "queued")


def test_the_time_of_a_run_is_steady_when_the_clock_is_set():
    wall, elapsed = [START], [100.0]
    clock = RunClock(lambda: wall[0], lambda: elapsed[0])
    wall[0] += timedelta(hours=5)
    elapsed[0] += 1.5
    assert clock() == START + timedelta(seconds=1.5)
    wall[0] -= timedelta(days=9)
    elapsed[0] += 1.0
    assert clock() == START + timedelta(seconds=2.5)
