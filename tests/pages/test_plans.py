"""No screen and no worker reads a growing table from end to end: what they send is explained on a full database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from core.bootstrap import App, build, use_app
from core.domain.run import Run
from core.domain.run_query import RunFilter
from core.repositories import journal_sql
from core.services.runs import StartRun
from core.settings import Settings
from tests.pages.conftest import LONGEST_S, MAIN
from tests.support.crowd import SMALL, crowd
from tests.support.databases import Databases
from tests.support.plans import Sent, statements, whole_readings

NOW = datetime.now(UTC)
FILTERS = {
    "nothing": RunFilter(),
    "status": RunFilter(status=("failed", "cancelled")),
    "kind": RunFilter(kind=("compare",)),
    "agent": RunFilter(agent_id=None, search="Agent 3"),
    "model": RunFilter(model="model-7"),
    "tool": RunFilter(tool="tool_17"),
    "error": RunFilter(error_kind=("timeout",)),
    "tag": RunFilter(tag="tag 3"),
    "person": RunFilter(created_by="person 3"),
    "two letters": RunFilter(search="zq"),
    "rare text": RunFilter(search="nobody said this"),
    "time": RunFilter(since=NOW - timedelta(days=40), until=NOW - timedelta(days=39)),
    "several": RunFilter(model="model-2", status=("failed",), created_by="person 1", since=NOW - timedelta(days=7)),
}


def engine_of(app: App) -> Engine:
    return app._parts.engine


@pytest.fixture(scope="module")
def full(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with databases.fresh() as url:
        app = build(Settings(home=tmp_path_factory.mktemp("home"), database_url=url), adopt=True)
        crowd(engine_of(app), SMALL)
        app.executor.start()
        use_app(app)
        yield app
        use_app(None)
        app.close()


@pytest.fixture(scope="module")
def newest(full: App) -> Run:
    return next(run for run in full.runs.list(RunFilter(kind=("chat",))) if run.conversation_id)


def read_whole(app: App, sent: list[Sent]) -> list[tuple[list[str], str]]:
    assert sent
    readings = [(whole_readings(engine_of(app), one), " ".join(one.statement.split())) for one in sent]
    return [reading for reading in readings if reading[0]]


ADDRESSES = (
    "home",
    "agents",
    "agents?q=kalo",
    "agent?agent",
    "prompts",
    "tools",
    "tools?tool=tool_3",
    "datasets",
    "chat",
    "chat?conversation",
    "compare",
    "evaluations",
    "evaluation_new",
    "runs?time=All+time",
    "runs?q=kalo",
    "run?run",
    "settings",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_screen_reads_by_index(full: App, newest: Run, address: str):
    screen, _, query = address.partition("?")
    name, _, value = query.partition("=")
    ids = {"agent": newest.agent_id, "conversation": newest.conversation_id, "run": newest.id}
    test = AppTest.from_file(str(MAIN), default_timeout=LONGEST_S).run()
    with statements(engine_of(full)) as sent:
        if name:
            test.query_params[name] = (value or str(ids[name])).replace("+", " ")
        test.switch_page(f"{screen}.py").run()
    assert not test.exception
    assert read_whole(full, sent) == []


@pytest.mark.parametrize("wanted", FILTERS)
def test_runs_are_found_and_added_up_by_index(full: App, wanted: str):
    with statements(engine_of(full)) as sent:
        first = full.runs.list(FILTERS[wanted], limit=20)
        full.runs.list(FILTERS[wanted], before=first[-1].id if first else None, limit=20)
        full.runs.totals(FILTERS[wanted])
        full.runs.over_time(FILTERS[wanted], "day", "Europe/Paris")
    assert read_whole(full, sent) == []


@pytest.mark.parametrize("search", ["kalo", "nobody said this", "About", "x"])
def test_conversations_are_found_by_index(full: App, search: str):
    with statements(engine_of(full)) as sent:
        full.conversations.list(search=search)
        full.conversations.list(search=search, archived=True)
    assert read_whole(full, sent) == []


@pytest.mark.parametrize("search", ["", "kalo", "nobody said this", "tool_3", "x"])
def test_the_finder_finds_by_index(full: App, search: str):
    with statements(engine_of(full)) as sent:
        full.finder.find(search)
    assert read_whole(full, sent) == []


def test_what_runs_may_be_filtered_by_is_found_by_index(full: App):
    with statements(engine_of(full)) as sent:
        assert len(full.runs.models()) == 12
        assert len(full.runs.people()) == 20
    assert read_whole(full, sent) == []


def test_a_run_from_its_start_to_its_end_reads_by_index(full: App):
    agent = next(row.agent for row in full.agents.list() if any(one.name == "calculator" for one in row.spec.tools))
    with statements(engine_of(full)) as sent:
        talk = full.conversations.create(agent.id, "")
        start = StartRun(input="What is 2 + 3?", agent_id=agent.id, conversation_id=talk.id)
        run = full.runs.wait(full.runs.start(start).value.id, LONGEST_S)
        full.runs.cancel(run.id)
        full.runs.view(run.id)
        full.runs.sent(run.id, 1)
    assert run.status == "done"
    assert read_whole(full, sent) == []


def test_the_journal_is_written_by_index(full: App, newest: Run):
    given = f'[{{"run_id": "{newest.id}", "epoch": 1, "first_seq": 10, "next_seq": 11, "head": "", "status": "done"}}]'
    written = journal_sql.PREPARE_APPEND.partition(" AS\n")[2]
    for number, value in enumerate(("'worker'", f"'{given}'::json", "'[]'::json"), start=1):
        written = written.replace(f"${number}", value)
    assert whole_readings(engine_of(full), Sent(written, None)) == []


def test_a_reading_of_a_whole_table_is_noticed(full: App):
    for statement in (
        "SELECT count(*) FROM runs",
        "SELECT max(length(input)) FROM runs",
        "SELECT run_id FROM run_events",
    ):
        assert whole_readings(engine_of(full), Sent(statement, None))
