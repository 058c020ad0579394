"""A long queue over two worker processes that are killed and started again at random."""

import random
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import text

from core.domain.event import Settled
from core.engine.invariants import faults
from core.engine.state import fold
from core.repositories.journal import JournalRepository
from tests.support.database_runs import journal_of, record_run
from tests.support.worker_process import SPEC, end, start

LIMIT_S = 200.0
"""On a machine that is busy with other things; half a minute on a quiet one."""


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize(("runs", "at_once"), [(100, 4), pytest.param(500, 8, marks=pytest.mark.slow)])
def test_every_run_of_a_queue_is_done_once_whoever_is_killed_when(engine, database_url, tmp_path, runs, at_once):
    dice, effects, over = random.Random(runs), tmp_path / "effects", threading.Event()
    effects.touch()
    queued = [record_run(engine, SPEC)[0] for _ in range(runs)]
    killed: list[str] = []

    def keep_killing(slot: str) -> None:
        """One place for a worker; whoever stands there falls after a while."""
        for number in range(1_000):
            name = f"{slot}{number}"
            worker = start(url=database_url, name=name, effects=str(effects), adopt=at_once, pause_s=0.1)
            is_over = over.wait(dice.uniform(0.3, 1.5))
            end(worker, kill=not is_over)
            if is_over:
                return
            killed.append(name)

    slots = [threading.Thread(target=keep_killing, args=(slot,)) for slot in "ab"]
    for slot in slots:
        slot.start()
    try:
        wait_until_all_done(engine, effects)
    finally:
        over.set()
        for slot in slots:
            slot.join()

    assert len(killed) >= 4, "next to nobody was killed: this proves nothing"
    lines = Counter(tuple(line.split()) for line in effects.read_text().splitlines())
    for run_id in queued:
        journal = journal_of(engine, run_id)
        assert faults(journal) == []
        assert journal[-1].fact.output == "All done."
        assert lines["send", f"{run_id}/2.0"] == 1
    assert {key for tool, key in lines if tool == "book"} == {f"{run_id}/1.1" for run_id in queued}


def wait_until_all_done(engine, effects) -> None:
    """Settle what is unknown as a person would who looks at what happened."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT id, status FROM runs WHERE status <> 'done'")).all()
        if not rows:
            return
        assert time.monotonic() < deadline, Counter(status for _, status in rows)
        for run_id, status in rows:
            if status == "waiting":
                settle(engine, effects, run_id)
        threading.Event().wait(0.2)


def settle(engine, effects, run_id) -> None:
    state = fold(journal_of(engine, run_id))
    unknown = [call.effect for step in state.steps for call in step.calls if call.unknown]
    for effect in unknown:
        happened = f"send {run_id}/{effect}\n" in effects.read_text()
        fact = Settled(effect=effect, how="happened" if happened else "run_again", output="3" if happened else "")
        with engine.begin() as connection:
            JournalRepository(connection).write_outside(run_id, lambda _, fact=fact: fact)
