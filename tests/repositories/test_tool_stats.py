"""How tools did lately: counted from the journal, by index."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.db.run_tables import RunEventRow
from core.domain.event import Decision, Finished, Started, Unknown, encode
from core.errors import Fault
from core.ids import first_id
from core.repositories.tool_stats import STATS, ToolStatsRepository
from tests.support.run_rows import keep, run_row

NOW = datetime.now(UTC)
EVER = first_id(NOW - timedelta(days=400))


def entries(run_id, *facts):
    return [
        RunEventRow(
            run_id=run_id,
            seq=seq + 1,
            epoch=1,
            kind=type(fact).__struct_config__.tag,
            effect=fact.effect,
            attempt=fact.attempt,
            body=json.loads(encode(fact)),
            at=NOW,
            hash=b"",
        )
        for seq, fact in enumerate(facts)
    ]


def called(name, place, outcome):
    effect = f"1.{place}"
    started = Started(effect=effect, attempt=1, name=name, arguments="\x00", key="k")
    match outcome:
        case "unknown":
            return started, Unknown(effect=effect, attempt=1, reason="lost")
        case "running":
            return (started,)
        case "failed":
            return started, Finished(effect=effect, attempt=1, error=Fault("tool_failed", "no \x00"), took_ms=1_000)
        case took_ms:
            return started, Finished(effect=effect, attempt=1, output="\x00", took_ms=took_ms)


def record(engine, *calls, run_id=None):
    run = run_row(**({"id": run_id} if run_id else {}))
    facts = [fact for place, (name, outcome) in enumerate(calls) for fact in called(name, place, outcome)]
    model = Started(effect="1.m", attempt=1), Decision(step=1, effect="1.m", attempt=1)
    keep(engine, run, *entries(run.id, *model, *facts))


def stats(engine, *names, since=EVER, most=100):
    with engine.connect() as connection:
        return ToolStatsRepository(connection).of(names, since, most)


def test_calls_failures_and_times_are_counted_by_tool(engine):
    record(engine, ("add", 10), ("add", 20), ("add", 30), ("send", "unknown"), ("add", "failed"))
    record(engine, ("add", "running"), ("send", 5))
    found = stats(engine, "add", "send", "never")
    assert found.keys() == {"add", "send"}
    add, send = found["add"], found["send"]
    assert (add.calls, add.errors, add.unknown) == (5, 1, 0)
    assert (add.p50_ms, add.p95_ms) == (25, pytest.approx(854.5))
    assert add.last_at == NOW
    assert (send.calls, send.errors, send.unknown, send.p50_ms) == (2, 0, 1, 5)


def test_what_is_older_or_beyond_the_newest_is_not_read(engine):
    record(engine, ("add", 1_000), run_id=first_id(NOW - timedelta(days=60)))
    for took_ms in (30, 20, 10):
        record(engine, ("add", took_ms))
    assert stats(engine, "add")["add"].calls == 4
    assert stats(engine, "add", since=first_id(NOW - timedelta(days=30)))["add"].calls == 3
    newest = stats(engine, "add", most=2)["add"]
    assert (newest.calls, newest.p50_ms) == (2, 15)


MANY = """
INSERT INTO runs (id, kind, status) SELECT gen_random_uuid(), 'chat', 'done' FROM generate_series(1, 2000);
INSERT INTO run_events (run_id, seq, epoch, kind, effect, attempt, body, at, hash)
SELECT id, 2 * n + kind.place, 1, kind.name, '1.' || n, 1,
       json_build_object('name', 'tool' || n, 'took_ms', n), now(), ''
  FROM runs, generate_series(1, 10) AS n, (VALUES (0, 'started'), (1, 'finished')) AS kind(place, name);
ANALYZE run_events;
"""


def test_the_journal_is_read_by_index_however_long_it_is(engine):
    with engine.connect() as connection:
        connection.execute(text(MANY))
        given = {"names": ["tool1", "tool2", "other"], "since": EVER, "most": 50}
        plan = "\n".join(row[0] for row in connection.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {STATS}"), given))
    assert "Seq Scan" not in plan, plan
    assert "ix_run_events_calls" in plan
    assert "uq_run_events_attempt_outcome" in plan or "pk_run_events" in plan
