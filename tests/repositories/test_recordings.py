"""What tools answered before: the newest good result of each call, as it was recorded."""

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from core.repositories.recordings import RecordingRepository
from core.services.runs import StartRun
from tests.support.answers import calls, text
from tests.support.scripted import ScriptedServer
from tests.support.workspace import ENDPOINT, rested, workspace

SPEC = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("calculator"), ToolChoice("text_statistics")))


def recorded(app, engine: Engine, *asked: tuple[str, str], tools=("calculator", "text_statistics")):
    """The results kept of runs whose model made one of these calls each."""
    runs = []
    for _ in asked:
        started = app.runs.start(StartRun(input="hello", spec=SPEC, kind="cli"))
        assert isinstance(started, Ok)
        runs.append(rested(app, started.value.id).run.id)
    with UnitOfWork(engine) as unit:
        return runs, RecordingRepository(unit.session).results(runs, tools)


def script(*asked: tuple[str, str]) -> list:
    return [answer for one in asked for answer in (calls(one), text("done"))]


def test_the_newest_result_of_each_call_is_found_with_its_place(settings, engine):
    asked = [("calculator", '{"expression": "1+1"}'), ("calculator", '{ "expression": "1+1" }')]
    with ScriptedServer(*script(*asked)) as server, workspace(settings, server) as app:
        runs, found = recorded(app, engine, *asked)

    assert [(one.name, one.arguments, one.output) for one in found] == [("calculator", '{"expression":"1+1"}', "2")]
    assert found[0].source == f"{runs[1]}/1.0"


def test_a_failure_is_no_result_and_only_the_wanted_tools_count(settings, engine):
    asked = [("calculator", '{"expression": "1/0"}'), ("text_statistics", '{"text": "two words"}')]
    with ScriptedServer(*script(*asked)) as server, workspace(settings, server) as app:
        _, found = recorded(app, engine, *asked, tools=("calculator",))

    assert found == ()


def test_a_text_that_no_database_value_can_hold_is_read(settings, engine):
    asked = [("text_statistics", '{"text": "nul: \\u0000"}')]
    with ScriptedServer(*script(*asked)) as server, workspace(settings, server) as app:
        _, found = recorded(app, engine, *asked)

    assert [one.name for one in found] == ["text_statistics"]
