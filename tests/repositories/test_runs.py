import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.db.agent_tables import AgentRow
from core.db.run_tables import ConversationRow, RunEventRow
from core.domain.event import Started, encode
from core.domain.message import Usage
from core.domain.run import Totals
from core.domain.run_query import RunFilter, RunTotals
from core.ids import first_id, new_id
from core.repositories import runs as repository
from core.repositories.runs import RunRepository
from tests.support.run_rows import keep, run_row

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AGENT, TALK = new_id(), new_id()


@pytest.fixture
def runs(engine):
    keep(
        engine,
        AgentRow(id=AGENT, name="Clerk", draft={}),
        ConversationRow(id=TALK, agent_id=AGENT),
        run_row(
            id=first_id(NOW),
            input="What is 100% of 7?",
            agent_id=AGENT,
            agent_name="Clerk",
            conversation_id=TALK,
            model="small",
            totals={"active_s": 1.0, "usage": {"total_tokens": 10, "cost_usd": 0.5}},
            created_at=NOW,
            revision=2,
        ),
        run_row(
            id=first_id(NOW + timedelta(hours=1)),
            input="And 1000?",
            status="failed",
            error_kind="timeout",
            conversation_id=TALK,
            output="Hm",
            totals={"active_s": 3.0},
            created_at=NOW + timedelta(hours=1),
            created_by="ada",
        ),
        run_row(kind="cli", status="queued", tags=["night"], created_at=NOW + timedelta(hours=2)),
        run_row(kind="try", totals={"usage": {"total_tokens": 5}}, created_at=NOW + timedelta(hours=3)),
    )
    with Session(engine) as session:
        yield RunRepository(session)


def listed(runs, **wanted):
    return [(run.kind, run.status) for run in runs.list(RunFilter(**wanted))]


def test_a_row_is_a_run(runs):
    run = runs.by_conversation(TALK)[0]
    assert (run.agent_id, run.agent_name, run.revision, run.model) == (AGENT, "Clerk", 2, "small")
    assert run.totals == Totals(active_s=1.0, usage=Usage(total_tokens=10, cost_usd=0.5))
    assert runs.get(run.id) == run
    assert runs.get(new_id()) is None


def test_lists_are_newest_first(runs):
    assert listed(runs) == [("try", "done"), ("cli", "queued"), ("chat", "failed"), ("chat", "done")]


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ({"status": ("failed", "queued")}, ["cli", "chat"]),
        ({"kind": ("try",)}, ["try"]),
        ({"agent_id": AGENT}, ["chat"]),
        ({"revision": 2}, ["chat"]),
        ({"conversation_id": TALK}, ["chat", "chat"]),
        ({"model": "small"}, ["chat"]),
        ({"error_kind": ("timeout",)}, ["chat"]),
        ({"tag": "night"}, ["cli"]),
        ({"created_by": "ada"}, ["chat"]),
        ({"search": "0%"}, ["chat"]),
        ({"search": "CLERK"}, ["chat"]),
        ({"since": NOW + timedelta(hours=1)}, ["try", "cli", "chat"]),
        ({"until": NOW + timedelta(hours=1)}, ["chat"]),
        ({"kind": ("chat",), "status": ("queued",)}, []),
    ],
)
def test_filters(runs, wanted, kinds):
    assert [run.kind for run in runs.list(RunFilter(**wanted))] == kinds
    assert runs.totals(RunFilter(**wanted)).runs == len(kinds)


def test_pages_follow_each_other_without_a_gap(runs):
    everything = runs.list(RunFilter())
    first = runs.list(RunFilter(), limit=3)
    assert first + runs.list(RunFilter(), before=first[-1].id, limit=3) == everything


def test_totals(runs):
    totals = runs.totals(RunFilter())
    assert (totals.runs, totals.failed, totals.tokens, totals.cost_usd) == (4, 1, 15, 0.5)
    assert totals.p50_s == pytest.approx(1.0)
    assert totals.p95_s == pytest.approx(2.8)


def test_totals_are_of_the_newest(runs, monkeypatch):
    monkeypatch.setattr(repository, "MOST_COUNTED", 3)
    totals = runs.totals(RunFilter())
    assert (totals.runs, totals.is_all, totals.tokens) == (3, False, 5)
    assert runs.totals(RunFilter(kind=("chat",))).is_all


def test_runs_over_time_begin_where_a_day_begins(runs):
    def days(zone):
        return {(count.at, count.status): count.runs for count in runs.over_time(RunFilter(), "day", zone)}

    day = NOW.replace(hour=0)
    assert days("UTC") == {(day, "done"): 2, (day, "failed"): 1, (day, "queued"): 1}
    assert {at for at, _ in days("Asia/Tokyo")} == {day - timedelta(hours=9), day + timedelta(hours=15)}
    assert {at for at, _ in days("Pacific/Auckland")} == {day + timedelta(hours=11)}


def test_runs_that_called_a_tool(engine, runs):
    chat = runs.list(RunFilter(kind=("chat",)))[0]
    call = Started(effect="1.0", attempt=1, name="look_up", arguments="\x00", key="k")
    row = RunEventRow(run_id=chat.id, seq=1, epoch=1, kind="started", effect="1.0", attempt=1, at=NOW, hash=b"")
    row.body = json.loads(encode(call))
    keep(engine, row)
    assert runs.list(RunFilter(tool="look_up")) == [chat]
    assert runs.list(RunFilter(tool="look")) == []


def test_values_to_filter_by(runs):
    assert (runs.values("model"), runs.values("created_by")) == (["small"], ["ada"])


def test_totals_of_nothing(runs):
    assert runs.totals(RunFilter(search="nobody said this")) == RunTotals()
