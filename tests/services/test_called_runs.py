"""Agents as tools: a call is a run of its own, begun once, counted, stopped and limited with the one that calls."""

import threading
import time
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text as sql

from core.domain.agent import AgentSpec, Limits, Variable
from core.domain.called import called_run_id
from core.domain.result import Err, Ok
from core.domain.run_query import RunFilter
from core.domain.tool import ToolChoice
from core.engine.invariants import faults
from core.engine.replay import replay
from core.services.runs import StartRun
from core.tools.agent.executor import DEPTH_LIMIT
from tests.support.answers import calls, text
from tests.support.killed_app import killed_at
from tests.support.scripted import ScriptedServer
from tests.support.workspace import ENDPOINT, rested, workspace

ASK = calls(("ask_helper", '{"task": "Count the sheep."}'))


def agent(app, name, instructions="", tools=(), **fields):
    spec = AgentSpec(
        endpoint=ENDPOINT,
        instructions=instructions,
        tools=tuple(ToolChoice(tool) for tool in tools),
        **fields,
    )
    made = app.agents.create(name, spec, "ada")
    assert isinstance(made, Ok), made
    return made.value


def helper(app, **fields):
    """An agent named Helper, and the tool `ask_helper` that calls it."""
    made = agent(app, "Helper", "You help.", **fields)
    kept = app.own_tools.keep_agent(made.id, "ada")
    assert isinstance(kept, Ok), kept
    return made


def asked(app, tools=("ask_helper",), **fields):
    spec = AgentSpec(endpoint=ENDPOINT, tools=tuple(ToolChoice(tool) for tool in tools), **fields)
    started = app.runs.start(StartRun(input="How many?", spec=spec, kind="cli", who="ada"))
    assert isinstance(started, Ok), started
    return started.value


def asked_elsewhere(app):
    """The same, queued for another process."""
    batch = uuid4()
    spec = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("ask_helper"),))
    return app.runs.start(StartRun(input="How many?", spec=spec, kind="cli", batch_id=batch)).value


def called(app, run_id, effect="1.0"):
    """The run of a call."""
    call = app.runs.view(run_id).state.steps[int(effect[0]) - 1].calls[int(effect[-1])]
    return app.runs.view(called_run_id(run_id, effect, call.attempts[0].started_at))


def test_a_call_is_a_run_of_its_own_that_is_linked_and_counted(settings):
    with ScriptedServer(ASK, text("Seven."), text("Seven sheep.")) as server, workspace(settings, server) as app:
        made = helper(app)
        view = rested(app, asked(app).id)
        child = called(app, view.run.id)
    assert (view.run.status, view.run.output) == ("done", "Seven sheep.")
    assert (child.run.kind, child.run.agent_id, child.run.revision, child.run.created_by) == ("call", made.id, 1, "ada")
    assert (child.run.caller_run_id, child.run.caller_effect) == (view.run.id, "1.0")
    assert (child.state.input, child.state.spec.depth) == ("Count the sheep.", 1)
    call = view.state.steps[0].calls[0]
    assert call.finished.output == "Seven."
    assert call.finished.data == {"run_id": str(child.run.id), "status": "done"}
    assert (child.state.totals.usage.total_tokens, view.state.totals.usage.total_tokens) == (15, 45)
    assert view.state.totals.called_tokens == 15
    assert [message["content"] for message in server.requests[1].json["messages"]] == ["You help.", "Count the sheep."]
    assert server.requests[2].json["messages"][-1]["content"] == "Seven."
    for one in (view, child):
        assert faults(one.events) == []
        assert replay(one.events).identical


def test_tokens_are_summed_once(settings):
    with ScriptedServer(ASK, text("Seven."), text("Seven sheep.")) as server, workspace(settings, server) as app:
        made = helper(app)
        rested(app, asked(app).id)
        assert app.runs.totals().tokens == 45
        assert app.runs.totals(RunFilter(agent_id=made.id)).tokens == 15


def test_the_calls_of_a_called_agent_count_too(settings):
    answers = (ASK, calls(("calculator", '{"expression": "3+4"}')), text("Seven."), text("Seven sheep."))
    with ScriptedServer(*answers) as server, workspace(settings, server) as app:
        helper(app, tools=("calculator",))
        view = rested(app, asked(app).id)
    assert view.state.totals.calls_executed == 2
    assert view.state.totals.usage.total_tokens == 60


@pytest.mark.parametrize(
    ("limits", "kind"), [(Limits(tokens=30), "token_limit"), (Limits(calls=2), "step_limit")], ids=["tokens", "calls"]
)
def test_what_a_called_agent_uses_is_used_of_the_callers_limits(settings, limits, kind):
    again = calls(("ask_helper", '{"task": "Count again."}'))
    answers = [ASK, calls(("calculator", '{"expression": "3+4"}')), text("Seven."), again]
    with ScriptedServer(*answers[: 2 if kind == "token_limit" else 4]) as server, workspace(settings, server) as app:
        helper(app, tools=("calculator",))
        view = rested(app, asked(app, limits=limits).id)
        child = called(app, view.run.id)
    assert (view.run.status, view.run.error_kind) == ("failed", kind)
    if kind == "token_limit":
        assert (child.state.spec.limits.tokens, child.run.error_kind) == (15, "token_limit")
        assert "reached its limit of 15 tokens" in view.state.steps[0].calls[0].finished.output


def test_stopping_a_run_stops_what_it_calls_within_two_seconds(settings):
    gate = threading.Event()
    with ScriptedServer(ASK, text("Sev", "en.").held_by(gate)) as server, workspace(settings, server) as app:
        helper(app)
        run = asked(app)
        server.wait_for(2)
        began = time.monotonic()
        app.runs.cancel(run.id, "ada")
        view = rested(app, run.id)
        child = rested(app, called(app, run.id).run.id)
        took_s = time.monotonic() - began
        gate.set()
    assert (view.run.status, child.run.status) == ("cancelled", "cancelled")
    assert took_s < 2
    assert faults(view.events) + faults(child.events) == []


def test_an_agent_that_calls_itself_comes_to_an_end(settings):
    def respond(request):
        is_answered = request.json["messages"][-1]["role"] == "tool"
        return text("Enough.") if is_answered else calls(("ask_helper", '{"task": "Go on."}'))

    with ScriptedServer(respond=respond) as server, workspace(settings, server) as app:
        made = helper(app)
        spec = msgspec.structs.replace(app.agents.live_spec(made), tools=(ToolChoice("ask_helper"),))
        app.agents.save_draft(made.id, spec, "ada")
        app.agents.save_revision(made.id, "ada")
        view = rested(app, asked(app).id)
        runs = app.runs.list()
    assert view.run.status == "done"
    assert len(runs) == 1 + DEPTH_LIMIT
    deepest = next(run for run in runs if run.id == max(run.id for run in runs))
    assert deepest.status == "done"


def test_variables_of_the_agent_are_inputs_of_its_tool(settings):
    variables = (
        Variable("tone", "choice", choices=("kind", "cold")),
        Variable("count", "number"),
        Variable("loud", "yes_no", default="no"),
    )
    ask = calls(("ask_helper", '{"task": "Greet.", "tone": "kind", "count": 2, "loud": true}'))
    with ScriptedServer(ask, text("Hi."), text("Done.")) as server, workspace(settings, server) as app:
        made = agent(app, "Helper", "Be {{tone}} {{count}} times, loud: {{loud}}.", variables=variables)
        tool = app.own_tools.keep_agent(made.id, "ada").value.tool
        rested(app, asked(app).id)
    assert tool.parameters["required"] == ["task", "tone", "count"]
    assert tool.parameters["properties"]["tone"] == {"type": "string", "enum": ["kind", "cold"]}
    assert server.requests[1].json["messages"][0]["content"] == "Be kind 2 times, loud: yes."


def test_an_agent_that_fails_is_an_error_that_the_model_is_told(settings):
    answers = (ASK, calls(("calculator", '{"expression": "3+4"}')), text("Then not."))
    with ScriptedServer(*answers) as server, workspace(settings, server) as app:
        helper(app, tools=("calculator",), limits=Limits(steps=1))
        view = rested(app, asked(app).id)
    assert view.run.status == "done"
    assert (
        "The agent did not finish: The run reached its limit of 1 steps."
        in view.state.steps[0].calls[0].finished.output
    )


def test_an_agent_is_a_tool_that_reads_or_changes_as_its_own_tools_do(settings):
    with ScriptedServer() as server, workspace(settings, server) as app:
        reads, writes = agent(app, "Reader", tools=("calculator",)), agent(app, "Writer", tools=("notebook_write",))
        for made in (reads, writes):
            app.own_tools.keep_agent(made.id, "ada")
        start = StartRun(input="x", spec=AgentSpec(tools=(ToolChoice("ask_reader"), ToolChoice("ask_writer"))))
        chosen = app.runs._specs.choose(start).value
        tools = app.runs._specs.freeze(chosen.spec, {}, ()).value.tools
    assert [(tool.effect, tool.repeat, tool.definition["revision"]) for tool in tools] == [
        ("read", "key", 1),
        ("write", "key", 1),
    ]


@pytest.mark.parametrize("name", ["calculator", "a b", "x" * 65])
def test_a_name_that_cannot_be_had_is_refused(settings, name):
    with ScriptedServer() as server, workspace(settings, server) as app:
        made = agent(app, "Helper")
        assert isinstance(app.own_tools.keep_agent(made.id, "ada", name=name), Err)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("boundary", "at"),
    [
        ("before call 1.0", 1),
        ("before request 1.m", 2),
        ("inside request 1.m", 1),
        ("after request 1.m", 2),
        ("after call 1.0", 1),
        ("before request 2.m", 1),
    ],
)
def test_after_a_kill_the_same_run_is_adopted_and_no_second_one_begun(settings, boundary, at):
    def respond(request):
        messages = request.json["messages"]
        if messages[0]["content"] == "You help.":
            return text("Seven.")
        return text("Seven sheep.") if messages[-1]["role"] == "tool" else ASK

    with ScriptedServer(respond=respond) as server:
        with workspace(settings, server) as app:
            helper(app)
            run = asked_elsewhere(app)
        killed_at(settings, run.id, boundary, at)
        with workspace(settings, server, adopt=True) as app:
            view = rested(app, run.id)
            child = called(app, run.id)
            runs = app.runs.list()
    assert (view.run.status, view.run.output) == ("done", "Seven sheep.")
    assert (child.run.status, child.run.output) == ("done", "Seven.")
    assert {one.id for one in runs} == {run.id, child.run.id}
    assert faults(view.events) + faults(child.events) == []
    assert view.state.totals.usage.total_tokens == 30 + child.state.totals.usage.total_tokens


def test_stopping_a_run_that_nobody_drives_stops_what_it_calls(settings, engine):
    gate = threading.Event()

    def respond(request):
        return text("Sev", "en.").held_by(gate) if request.json["messages"][0]["content"] == "You help." else ASK

    with ScriptedServer(respond=respond) as server:
        with workspace(settings, server) as app:
            helper(app)
            run = asked_elsewhere(app)
        killed_at(settings, run.id, "inside request 1.m")
        with engine.begin() as connection:
            connection.execute(sql("UPDATE runs SET lease_until = now() + interval '1 hour' WHERE status = 'running'"))
        with workspace(settings, server) as app:
            app.runs.cancel(run.id, "ada")
            child = called(app, run.id)
        gate.set()
    assert child.state.cancelled


def test_agents_that_are_called_side_by_side_share_what_their_caller_has_left(settings):
    both = calls(("ask_helper", '{"task": "One."}'), ("ask_helper", '{"task": "Two."}'))

    def respond(request):
        last = request.json["messages"][-1]
        if last["role"] == "user" and last["content"] == "How many?":
            return both
        return text("done") if last["role"] == "tool" else text("some")

    with ScriptedServer(respond=respond) as server, workspace(settings, server) as app:
        helper(app)
        view = rested(app, asked(app, limits=Limits(tokens=100, cost_usd=1.0, calls=10)).id)
        children = app.runs.views(run.id for run in app.runs.list(RunFilter(kind=("call",))))

    assert view.run.status == "done"
    assert [child.state.spec.limits.tokens for child in children] == [42, 42], "15 of 100 are used"
    assert [child.state.spec.limits.cost_usd for child in children] == [0.5, 0.5]
    assert sum(child.state.spec.limits.calls for child in children) <= 8
