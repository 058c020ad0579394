"""The list of runs: every filter stands in the address, totals and chart are of what the filter lets through."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.db.engine import create_engine
from core.ids import first_id
from core.repositories import runs as repository
from core.settings import Settings
from tests.pages.conftest import LONGEST_S, MAIN, Open
from tests.pages.looking import button, param, shown
from tests.pages.test_screens import a_run
from tests.support.run_rows import keep, run_row

NOW = datetime.now(UTC)


@pytest.fixture
def engine(settings: Settings, app: App) -> Iterator[Engine]:
    engine = create_engine(settings.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def runs(engine: Engine, app: App, clerk) -> None:
    def at(hours: int, **columns):
        moment = NOW - timedelta(hours=hours)
        return run_row(id=first_id(moment), created_at=moment, input=f"{hours} hours ago", **columns)

    keep(
        engine,
        at(1, model="small", created_by="ada", agent_id=clerk.id, agent_name=clerk.name, revision=1),
        at(2, status="failed", error_kind="timeout", model="large", tags=["night"]),
        at(30, kind="cli", totals={"active_s": 3.0, "usage": {"total_tokens": 10, "cost_usd": 0.5}}),
        at(24 * 20, status="cancelled"),
    )


def linked(**address: str) -> AppTest:
    """The page as a link with these filters opens it: they are there when its fields are first drawn."""
    test = AppTest.from_file(str(MAIN), default_timeout=LONGEST_S).run()
    for name, value in address.items():
        test.query_params[name] = value
    return test.switch_page("runs.py").run()


def inputs(page) -> list[str]:
    return page.dataframe[0].value["input"].tolist() if page.dataframe else []


@pytest.mark.parametrize(
    ("address", "hours"),
    [
        ({}, [1, 2, 30]),
        ({"time": "Last 24 hours"}, [1, 2]),
        ({"time": "All time"}, [1, 2, 30, 480]),
        ({"time": "All time", "state": "Stopped"}, [480]),
        ({"state": "Failed"}, [2]),
        ({"of_agent": "Number clerk"}, [1]),
        ({"of_agent": "Number clerk", "revision": "2"}, []),
        ({"of_kind": "Command line"}, [30]),
        ({"model": "large"}, [2]),
        ({"error": "The endpoint took too long"}, [2]),
        ({"tag": "night"}, [2]),
        ({"person": "ada"}, [1]),
        ({"of_tool": "calculator"}, []),
        ({"q": "30 hours"}, [30]),
        ({"q": "hours", "model": "small", "state": "Done"}, [1]),
    ],
)
def test_a_link_shows_what_it_names(app: App, runs, address, hours):
    assert inputs(linked(**address)) == [f"{one} hours ago" for one in hours]


def test_totals_are_of_what_the_filter_lets_through(app: App, runs):
    def metrics(**address):
        return {metric.label: metric.value for metric in linked(**address).metric}

    assert metrics()["Runs"] == "3"
    assert metrics()["Failed"] == "33.3 %"
    assert metrics(of_kind="Command line") == {
        "Runs": "1",
        "Failed": "0.0 %",
        "Median time": "3.0 s",
        "95 % within": "3.0 s",
        "Tokens": "10",
        "Cost": "$0.5000",
    }


def test_it_says_when_there_are_more_than_are_added_up(open_page: Open, runs, monkeypatch):
    monkeypatch.setattr(repository, "MOST_COUNTED", 2)
    page = open_page("runs")
    assert page.metric[0].value == "2+"
    assert "of the newest 2" in shown(page)


def test_filters_that_nothing_fits_are_cleared_with_one_click(app: App, runs):
    page = linked(q="nothing like this", model="large", state="Failed")
    assert "No run fits all of this" in shown(page)
    button(page, "Clear the filters").click().run()
    assert inputs(page) == [f"{one} hours ago" for one in (1, 2, 30, 480)]


def test_a_changed_filter_begins_at_the_newest_again(open_page: Open, runs):
    page = open_page("runs", before=str(first_id(NOW - timedelta(hours=2))))
    assert inputs(page) == ["30 hours ago"]
    page.text_input(key="q").set_value("hours").run()
    assert inputs(page) == [f"{one} hours ago" for one in (1, 2, 30)]


def test_two_runs_are_laid_beside_each_other(app: App, open_page: Open, clerk):
    one, other = a_run(app, clerk.id, "What is 2 + 3?"), a_run(app, clerk.id, "What is 2 + 4?")
    page = open_page("run", run=str(other.id))
    page.segmented_control(key="details").set_value("Diff").run()
    assert "Choose another run" in shown(page)
    page.text_input(key="differs_from_id").set_value(str(one.id)).run()
    assert param(page, "with") == str(one.id)
    assert "What is 2 + 3?" in shown(page)
    assert "What happened" in shown(page)
    linked = open_page("run", run=str(other.id), **{"with": str(other.id)})
    assert "Nothing differs" in shown(linked)
