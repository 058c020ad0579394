"""The journal in a real Postgres: places, epochs and leases are the database's business."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg2 import IntegrityError
from sqlalchemy import text

from core.domain.chain import seal
from core.domain.event import Cancelled, Decision, Ended, Finished, Started
from core.domain.journal import Batch, Partial
from core.domain.run import Totals
from core.errors import Fault
from core.repositories.journal import JournalRepository
from core.repositories.journal_store import JournalStore
from tests.support.database_runs import journal_of, record_run, status_of
from tests.support.engine import START, spec

STARTED = Started(effect="1.m", attempt=1)


def batch(events, *facts, epoch=1, **changes):
    """Facts behind `events`, sealed as the engine does it."""
    sealed, head, seq = [], events[-1].hash, events[-1].seq + 1
    for place, fact in enumerate(facts, start=seq):
        sealed.append(seal(events[0].run_id, place, epoch, START, fact, head))
        head = sealed[-1].hash
    values = {"events": tuple(sealed), "first_seq": seq, "head": head} | changes
    return Batch(run_id=events[0].run_id, epoch=epoch, **values)


def append(engine, owner, *batches):
    return JournalStore(engine, owner).append(batches)


def test_what_was_written_is_read_back_and_the_row_follows(engine):
    run_id, events = record_run(engine, spec(), "me")
    totals, fault = Totals(steps=1), Fault("auth", "no")

    written = append(
        engine,
        "me",
        batch(
            events,
            STARTED,
            Ended(status="failed", error=fault),
            status="failed",
            totals=totals,
            output="x",
            error=fault,
        ),
    )

    assert written == {run_id: "written"}
    assert journal_of(engine, run_id)[:2] == events
    assert [event.kind for event in journal_of(engine, run_id)] == ["created", "claimed", "started", "ended"]
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM runs")).mappings().one()
    assert (row["status"], row["error_kind"], row["output"], row["lease_owner"]) == ("failed", "auth", "x", None)
    assert row["totals"] == {"steps": 1}
    assert row["next_seq"] == 4


def test_odd_text_survives(engine):
    _, events = record_run(engine, spec(), "me")
    odd = "zero \x00, quote ' \" \\, line \u2028, emoji 🦀, brace {1,2} %s"

    append(engine, "me", batch(events, STARTED, Decision(step=1, effect="1.m", attempt=1, text=odd)))

    assert journal_of(engine, events[0].run_id)[-1].fact.text == odd


@pytest.mark.parametrize(
    ("owner", "epoch", "verdict"), [("other", 1, "fenced"), ("me", 0, "fenced"), ("me", 2, "fenced")]
)
def test_only_the_owner_of_the_current_epoch_writes(engine, owner, epoch, verdict):
    run_id, events = record_run(engine, spec(), "me")

    assert append(engine, owner, batch(events, STARTED, epoch=epoch)) == {run_id: verdict}
    assert journal_of(engine, run_id) == events


def test_a_taken_place_is_a_conflict_and_nothing_of_the_batch_is_written(engine):
    run_id, events = record_run(engine, spec(), "me")
    with engine.begin() as connection:
        JournalRepository(connection).write_outside(run_id, lambda _: Cancelled(who="ada"))

    assert append(engine, "me", batch(events, STARTED)) == {run_id: "moved"}
    assert [event.kind for event in journal_of(engine, run_id)] == ["created", "claimed", "cancelled"]


def test_of_many_runs_each_wins_or_loses_by_itself(engine):
    first, first_events = record_run(engine, spec(), "me")
    second, second_events = record_run(engine, spec(), "somebody else")
    third, third_events = record_run(engine, spec(), "me")
    broken = batch(third_events, Finished(effect="1.m", attempt=1), Finished(effect="1.m", attempt=1))

    verdicts = append(engine, "me", batch(first_events, STARTED), batch(second_events, STARTED), broken)

    assert (verdicts[first], verdicts[second]) == ("written", "fenced")
    assert isinstance(verdicts[third], IntegrityError)
    assert journal_of(engine, third) == third_events


def test_the_database_refuses_a_second_start_of_an_attempt(engine):
    run_id, events = record_run(engine, spec(), "me")
    append(engine, "me", batch(events, STARTED))

    verdict = append(engine, "me", batch(journal_of(engine, run_id), STARTED))[run_id]

    assert "uq_run_events_start" in str(verdict)


def test_a_run_is_claimed_by_exactly_one_of_many(engine):
    run_id, _ = record_run(engine, spec())

    def claim(number):
        with engine.begin() as connection:
            return JournalRepository(connection).claim(run_id, f"worker-{number}", "test", 15)

    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(claim, range(8)) if claim]

    assert len(claims) == 1
    assert status_of(engine, run_id) == "running"


def test_a_lease_protects_until_it_runs_out(engine):
    held, _ = record_run(engine, spec(), "me", lease_s=60)
    expired, events = record_run(engine, spec(), "me", lease_s=0)
    with engine.begin() as connection:
        journal = JournalRepository(connection)
        assert [one.run_id for one in journal.orphans()] == [expired]
        assert journal.claim(held, "other", "test", 15) is None
        taken = journal.claim(expired, "other", "test", 15)

    assert [event.epoch for event in taken] == [0, 1, 2]
    assert append(engine, "me", batch(events, STARTED)) == {expired: "fenced"}


def test_an_ended_run_is_not_claimed(engine):
    run_id, events = record_run(engine, spec(), "me")
    append(engine, "me", batch(events, Ended(status="done"), status="done"))

    with engine.begin() as connection:
        assert JournalRepository(connection).claim(run_id, "me", "test", 15) is None


def test_checkpoints_are_kept_by_the_owner_only_and_forgotten_at_the_end(engine):
    run_id, events = record_run(engine, spec(), "me")
    partial = Partial(effect="1.m", attempt=1, text="half \x00 an answer")
    JournalStore(engine, "me").checkpoint([(run_id, 1, partial)])
    JournalStore(engine, "other").checkpoint([(run_id, 1, Partial(effect="9.m", attempt=1))])
    assert JournalStore(engine, "me").partial(run_id) == partial

    append(engine, "me", batch(events, Ended(status="done"), status="done"))

    assert JournalStore(engine, "me").partial(run_id) is None


@pytest.mark.parametrize(
    "statement", ["UPDATE run_events SET body = '{}'", "DELETE FROM run_events", "TRUNCATE run_events"]
)
def test_the_journal_cannot_be_rewritten(engine, statement):
    record_run(engine, spec(), "me")

    with pytest.raises(Exception, match="stay as they were written"), engine.begin() as connection:
        connection.execute(text(statement))
