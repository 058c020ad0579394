"""What people decide: approvals bound to what was shown, unknown outcomes settled, one winner of a race."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.domain.agent import AgentSpec
from core.domain.result import Err, Ok
from core.domain.tool import ToolChoice
from core.engine.invariants import faults
from tests.support.scripted import ScriptedServer, calls, text
from tests.support.workspace import ENDPOINT, rested, started, workspace

WRITE = ("notebook_write", '{"notebook": "log", "text": "hello"}')
ASKING = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("notebook_write", policy="ask"),))


def waiting_run(app, **changes):
    view = rested(app, started(app, spec=ASKING, **changes).id)
    assert view.run.status == "waiting"
    return view


def test_an_approved_call_is_executed_once_and_the_run_goes_on(settings):
    with ScriptedServer(calls(WRITE), text("Noted.")) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        shown = view.state.steps[0].calls[0].asked.shown

        assert isinstance(app.decisions.approve(view.run.id, "1.0", "ada", shown=shown), Ok)
        done = rested(app, view.run.id)

    assert done.run.output == "Noted."
    assert done.state.steps[0].calls[0].answered.who == "ada"
    assert faults(done.events) == []


def test_the_provider_id_names_a_call_as_well(settings):
    answer = calls(WRITE, ids=("abc123",))
    with ScriptedServer(answer, text("ok")) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        assert isinstance(app.decisions.approve(view.run.id, "abc123", "ada"), Ok)
        assert rested(app, view.run.id).run.status == "done"


def test_a_denial_is_told_to_the_model_with_its_reason(settings):
    with ScriptedServer(calls(WRITE), text("I will not.")) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        app.decisions.deny(view.run.id, "1.0", "ada", "Not today.")
        rested(app, view.run.id)

    assert "Not today." in server.requests[1].json["messages"][-1]["content"]


def test_edited_arguments_are_what_is_executed_and_recorded(settings):
    edited = '{"notebook": "log", "text": "edited"}'
    with ScriptedServer(calls(WRITE), text("ok")) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        wrong = app.decisions.approve(view.run.id, "1.0", "ada", arguments='{"notebook": 5}')
        app.decisions.approve(view.run.id, "1.0", "ada", arguments=edited)
        done = rested(app, view.run.id)

    assert isinstance(wrong, Err)
    assert wrong.kind == "invalid"
    assert '"edited"' in done.state.steps[0].calls[0].arguments


def test_an_approval_of_something_that_changed_does_not_count(settings):
    with ScriptedServer(calls(WRITE)) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        stale = app.decisions.approve(view.run.id, "1.0", "ada", shown="c1:older")

        assert isinstance(stale, Err)
        assert stale.kind == "conflict"
        assert app.runs.get(view.run.id).status == "waiting"


def test_of_many_who_decide_at_once_one_wins_and_the_call_runs_once(settings):
    with ScriptedServer(calls(WRITE), text("ok")) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(lambda n: app.decisions.approve(view.run.id, "1.0", f"person {n}"), range(6)))
        done = rested(app, view.run.id)

    assert sum(isinstance(result, Ok) for result in results) == 1
    assert faults(done.events) == []


def test_approved_for_the_conversation_it_does_not_ask_again(settings):
    answers = (calls(WRITE), text("one"), calls(WRITE), text("two"))
    with ScriptedServer(*answers) as server, workspace(settings, server, adopt=True) as app:
        there = app.conversations.create(None, "ada")
        view = waiting_run(app, conversation_id=there.id)
        app.decisions.approve(view.run.id, "1.0", "ada", scope="conversation")
        rested(app, view.run.id)
        again = rested(app, started(app, spec=ASKING, conversation_id=there.id).id)

    assert again.run.output == "two"
    assert again.state.spec.tools[0].policy == "allow"


def test_a_run_waits_across_restarts_and_holds_no_process(settings):
    with ScriptedServer(calls(WRITE), text("at last")) as server:
        with workspace(settings, server) as app:
            view = waiting_run(app)
        with workspace(settings, server, adopt=True) as app:
            assert app.runs.get(view.run.id).status == "waiting"
            app.decisions.approve(view.run.id, "1.0", "ada")
            assert rested(app, view.run.id).run.output == "at last"


@pytest.mark.parametrize("call", ["9.9", "1.m", "nobody"])
def test_a_call_that_is_not_there_is_named_in_the_refusal(settings, call):
    with ScriptedServer(calls(WRITE)) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        refused = app.decisions.approve(view.run.id, call, "ada")

    assert isinstance(refused, Err)
    assert call in refused.message


def test_cancelling_a_waiting_run_ends_it(settings):
    with ScriptedServer(calls(WRITE)) as server, workspace(settings, server, adopt=True) as app:
        view = waiting_run(app)
        app.runs.cancel(view.run.id, "ada")
        done = rested(app, view.run.id)

    assert done.run.status == "cancelled"
    assert faults(done.events) == []
