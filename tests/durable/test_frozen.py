"""A worker that is frozen for longer than its lease, and wakes up: its run is another's by then."""

import os
import signal

import pytest

from core.domain.event import Settled
from core.engine.feed import Feed
from core.engine.invariants import faults
from core.repositories.journal import JournalRepository
from tests.support.database_runs import journal_of, record_run, until_rests, working
from tests.support.engine import CountingTools, PlannedModel
from tests.support.worker_process import SPEC, STORY, end, start

LEASE_S = 1.5


@pytest.mark.parametrize(
    ("frozen_at", "asked"),
    [
        ("inside request 1.m", False),
        ("before commit decision 2.m, started 2.0", False),
        ("after commit decision 2.m, started 2.0", True),
    ],
)
def test_a_worker_that_wakes_up_late_writes_nothing_and_starts_nothing(
    engine, database_url, tmp_path, frozen_at, asked
):
    effects, feed, tools = tmp_path / "effects", Feed(), CountingTools()
    run_id, _ = record_run(engine, SPEC)
    zombie = start(url=database_url, name="zombie", effects=str(effects), adopt=1, lease_s=LEASE_S, freeze_at=frozen_at)
    try:
        os.waitid(os.P_PID, zombie.pid, os.WSTOPPED | os.WNOWAIT)
        before = effects.read_text() if effects.exists() else ""
        with working(engine, PlannedModel(*STORY), tools, name="heir", adopt=1, lease_s=LEASE_S, feed=feed) as heir:
            if asked:
                assert until_rests(engine, feed, run_id) == "waiting"
                with engine.begin() as connection:
                    settled = Settled(effect="2.0", how="run_again")
                    JournalRepository(connection).write_outside(run_id, lambda _: settled)
                heir.submit(run_id)
            assert until_rests(engine, feed, run_id) == "done"
        journal = journal_of(engine, run_id)
        zombie.send_signal(signal.SIGCONT)
        # It has room for one run: that it does another shows that it woke up, looked, and let go of the first.
        next_id, _ = record_run(engine, SPEC)
        assert until_rests(engine, feed, next_id) == "done"
    finally:
        zombie.send_signal(signal.SIGCONT)
        end(zombie)

    assert journal_of(engine, run_id) == journal
    assert [line for line in effects.read_text().splitlines() if str(run_id) in line] == before.splitlines()
    assert [name for name, _ in tools.ran].count("send") == 1
    assert faults(journal) + faults(journal_of(engine, next_id)) == []
    assert ("unknown" in [event.kind for event in journal]) == asked
