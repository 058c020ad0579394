"""Runs that a local model answers: over the whole stack, with the real small model."""

import json

import pytest

from core.cli.words import progress_line
from core.domain.agent import AgentSpec, Parameters
from core.domain.event import Created
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from core.services.runs import StartRun
from tests.support.gguf import TOOL_TEMPLATE, header, weights, with_template
from tests.support.workspace import rested, workspace

TOOLS = ("calculator", "current_time", "roll_dice", "convert_units")


@pytest.fixture
def folder(settings):
    folder = settings.home / "models"
    folder.mkdir(parents=True)
    return folder


def _start(app, model="", tools=TOOLS):
    spec = AgentSpec(
        endpoint="local",
        model=model,
        tools=tuple(ToolChoice(name) for name in tools),
        parameters=Parameters(max_tokens=8, temperature=0.0),
    )
    started = app.runs.start(StartRun(input="Say hello.", spec=spec, kind="cli"))
    assert isinstance(started, Ok), started
    return started.value


def _sent(app, run):
    sent = app.runs.sent(run.id, 1)
    assert isinstance(sent, Ok), sent
    return json.loads(sent.value.body)


@pytest.mark.model
def test_a_model_that_cannot_call_tools_is_given_none_and_the_person_is_told(settings, folder):
    (folder / "small.gguf").symlink_to(weights())
    with workspace(settings) as app:
        run = _start(app)
        view = rested(app, run.id)
        assert view.run.output or view.run.error_kind == "truncated"
        assert "tools" not in _sent(app, run)
    note = "This model cannot call tools; 4 tools were not offered: calculator, current_time, roll_dice, convert_units."
    assert view.state.spec.notes == (note,)
    assert isinstance(view.events[0].fact, Created)
    assert progress_line(view.events[0]) == f"! {note}"


@pytest.mark.model
def test_a_model_that_can_is_given_them(settings, folder):
    with_template(weights(), TOOL_TEMPLATE, folder / "small.gguf")
    with workspace(settings) as app:
        run = _start(app, tools=TOOLS[:2])
        view = rested(app, run.id)
        assert [tool["function"]["name"] for tool in _sent(app, run)["tools"]] == list(TOOLS[:2])
    assert view.state.spec.notes == ()


@pytest.mark.model
def test_the_model_that_an_agent_names_is_the_one_that_answers(settings, folder):
    (folder / "a.gguf").write_bytes(header({"general.name": "no weights"}))
    (folder / "b.gguf").symlink_to(weights())
    with workspace(settings) as app:
        view = rested(app, _start(app, "b.gguf", tools=()).id)
    assert view.state.steps[0].model.decision or view.run.error_kind == "truncated", view.state.ended
    exchange = (view.state.steps[0].model.decision or view.state.steps[0].model.gave_up).exchange
    assert exchange.model == "b.gguf"


def test_of_an_unreadable_file_nobody_knows_so_the_tools_are_offered(settings, folder):
    (folder / "odd.gguf").write_bytes(b"GGUF")
    with workspace(settings) as app:
        view = rested(app, _start(app, tools=TOOLS[:1]).id)
    assert [tool.name for tool in view.state.spec.tools] == ["calculator"]
    assert view.run.status == "failed"


@pytest.mark.parametrize(("number", "said"), [(1, "1 tool was not offered"), (2, "2 tools were not offered")])
def test_one_tool_is_not_many(settings, folder, number, said):
    (folder / "plain.gguf").write_bytes(header({"tokenizer.chat_template": "{{ messages }}"}))
    with workspace(settings) as app:
        view = rested(app, _start(app, tools=TOOLS[:number]).id)
    assert said in view.state.spec.notes[0]
    assert view.state.spec.tools == ()
