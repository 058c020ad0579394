"""The crash drill with real processes and a real SIGKILL, and that it would find what it looks for."""

from collections import Counter
from uuid import UUID, uuid4

from core.cli.drill import _table
from core.engine.invariants import faults
from core.services.drill_verdict import DrillRow, judged, totals
from tests.support.database_runs import journal_of

INSIDE = [
    "inside request 1.m",
    "inside call 1.1",
    "inside request 2.m",
    "inside call 2.0",
    "inside request 3.m",
    "inside call 3.0",
    "inside request 4.m",
]
END = "commit decision 4.m, ended"
COUNTED = {"drill_send": 1, "drill_book": 1, "drill_order": 1}
ASKED = {"1.m": 1, "2.m": 1, "3.m": 1, "4.m": 1}


def test_a_worker_killed_at_the_boundaries_duplicates_and_loses_nothing(cli, engine):
    ended = cli("drill", "crash", "--points", "few", "--json")

    *rows, sums = ended.lines
    assert ended.code == 0, rows
    assert [row["point"] for row in rows] == ["undisturbed", *INSIDE, f"before {END}", f"after {END}"]
    assert {row["point"]: row["unknown"] for row in rows if row["unknown"]} == {"inside call 1.1": ["1.1"]}
    assert all(row["effects"] == COUNTED for row in rows)
    assert [row["attempts"] for row in rows] == [8, 9, 8, 9, 9, 9, 9, 9, 9, 8]
    assert (sums["points"], sums["duplicated"], sums["lost"], sums["hidden"], sums["ok"]) == (10, 0, 0, 0, True)
    journals = [journal_of(engine, UUID(row["run_id"])) for row in rows]
    assert [fault for journal in journals for fault in faults(journal)] == []
    assert [max(event.epoch for event in journal) for journal in journals] == [1, 2, 3, 2, 2, 2, 2, 2, 2, 1]
    finds_what_it_looks_for(journals[2])


def finds_what_it_looks_for(journal):
    """The same journal beside other counts: of a run that was killed inside a call that must not be repeated."""

    def row(events=journal, doubtful=("1.1",), asked=ASKED, done=COUNTED):
        return judged("point", events, doubtful, Counter(asked), Counter(done))

    assert row().ok
    assert row(done=COUNTED | {"drill_send": 2}).duplicated == 1
    assert row(done=COUNTED | {"drill_book": 3}).duplicated == 2
    assert row(done={"drill_send": 1, "drill_book": 1}).lost == 1
    assert (row(journal[:-1]).lost, row(journal[:-1]).status) == (1, "not ended")
    assert row(doubtful=("1.1", "2.0")).hidden == ("2.0",)
    assert "asked for 2 times" in row(asked=ASKED | {"3.m": 2}).fault
    assert not any(row(**wrong).ok for wrong in ({"done": {}}, {"doubtful": ("2.0",)}, {"asked": {"5.m": 1}}))


def test_the_table_says_what_is_wrong_and_the_last_line_counts_it(capsys):
    rows = [
        DrillRow(point="inside call 1.1", run_id=uuid4(), attempts=6, effects=COUNTED, unknown=("1.1",), status="done"),
        DrillRow(point="after call 2.0", run_id=uuid4(), duplicated=1, lost=2, hidden=("1.1",), fault="no end"),
    ]
    _table(rows)
    _, good, bad = capsys.readouterr().out.splitlines()
    assert good.split()[-3:] == ["1.1", "done", "ok"]
    assert bad.endswith("1 duplicated; 2 lost; nobody was asked about 1.1; no end")
    assert totals(rows).verdict == (
        "2 runs: 1 duplicated, 2 lost; 2 unknown outcomes, 1 of them hidden. 1 with another fault."
    )
    assert (totals(rows).ok, totals(rows[:1]).ok) == (False, True)
