"""Runs over the whole stack: real database, real worker, real client, a scripted server at the other end."""

import hashlib
import threading
import time

import msgspec
import pytest
from sqlalchemy import Engine, event

from core.domain.agent import AgentSpec, Limits, Variable
from core.domain.frames import TextFrame
from core.domain.result import Err, Ok
from core.domain.run_query import RunFilter
from core.domain.tool import ToolChoice
from core.engine.invariants import faults
from core.services.runs import StartRun
from tests.support.answers import chunk
from tests.support.scripted import ScriptedServer, calls, status, stream, text
from tests.support.workspace import ENDPOINT, rested, started, workspace

SEVENTEEN = ("calculator", '{"expression": "17 / 100 * 2340"}')


def test_a_tool_call_runs_and_the_answer_follows(settings):
    with ScriptedServer(calls(SEVENTEEN), text("It is ", "397.8.")) as server, workspace(settings, server) as app:
        view = rested(app, started(app, "What is 17 % of 2,340?", ("calculator",)).id)

    assert view.run.status == "done"
    assert view.run.output == "It is 397.8."
    assert view.run.totals.calls_executed == 1
    assert "397.8" in server.requests[1].json["messages"][-1]["content"]
    assert faults(view.events) == []


def test_what_went_over_the_wire_is_rebuilt_byte_for_byte(settings):
    with ScriptedServer(calls(SEVENTEEN), text("397.8")) as server, workspace(settings, server) as app:
        run = started(app, "Wie viel? 🦀 \u2028 \x00", ("calculator", "convert_units"))
        rested(app, run.id)
        sent = [app.runs.sent(run.id, step) for step in (1, 2)]

    for result, request in zip(sent, server.requests, strict=True):
        assert isinstance(result, Ok)
        assert result.value.body == request.body
        assert result.value.sha256 == hashlib.sha256(request.body).hexdigest()
        assert result.value.verified
        assert result.value.url == f"{server.base_url}/chat/completions"


def test_only_what_was_set_is_sent(settings):
    with ScriptedServer(text("hi")) as server, workspace(settings, server) as app:
        rested(app, started(app).id)

    assert set(server.requests[0].json) == {"model", "messages", "stream", "stream_options"}
    assert server.requests[0].json["messages"] == [{"role": "user", "content": "hello"}]


def test_a_provider_fault_ends_the_run_with_its_kind_and_words_after_one_request(settings):
    refusal = status(429, {"error": {"message": "Slow down."}}, {"retry-after": "7"})
    with ScriptedServer(refusal) as server, workspace(settings, server) as app:
        view = rested(app, started(app).id)

    assert view.run.status == "failed"
    error = view.state.ended.error
    assert (error.kind, error.status, error.retry_after_s) == ("rate_limited", 429, 7)
    assert "Slow down." in error.message
    assert len(server.requests) == 1


def test_text_streams_in_pieces_before_it_is_in_the_journal(settings):
    slow = text(*[f"word{number} " for number in range(20)]).paced(0.02)
    with ScriptedServer(slow) as server, workspace(settings, server) as app:
        run = started(app)
        seen = list(app.runs.stream(run.id))

    pieces = [item for item in seen if isinstance(item, TextFrame) and item.text]
    assert len(pieces) > 3
    assert "".join(piece.text for piece in pieces) == "".join(f"word{number} " for number in range(20))
    assert [item.seq for item in seen if not isinstance(item, TextFrame)] == list(range(5))


def test_stop_ends_the_stream_within_two_seconds_and_keeps_the_text(settings):
    endless = text(*[f"{number} " for number in range(2000)]).paced(0.01)
    with ScriptedServer(endless) as server, workspace(settings, server) as app:
        run = started(app)
        for item in app.runs.stream(run.id):
            if isinstance(item, TextFrame) and item.text:
                break
        begun = time.monotonic()
        app.runs.cancel(run.id, "ada")
        view = rested(app, run.id)
        took_s = time.monotonic() - begun

        assert server.requests[0].gone.wait(2)

    assert view.run.status == "cancelled"
    assert view.run.output.startswith("0 ")
    assert took_s < 2


def test_the_next_message_carries_the_conversation(settings):
    with ScriptedServer(calls(SEVENTEEN), text("397.8"), text("You asked for 17 %.")) as server:
        with workspace(settings, server) as app:
            there = app.conversations.create(None, "ada")
            rested(app, started(app, "17 %?", ("calculator",), conversation_id=there.id).id)
            second = started(app, "What did I ask?", ("calculator",), conversation_id=there.id)
            rested(app, second.id)

    roles = [message["role"] for message in server.requests[2].json["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert second.parent_run_id is not None


def test_a_message_on_top_of_an_unfinished_answer_is_refused(settings):
    with ScriptedServer(text("slow ").stall_after(2)) as server, workspace(settings, server) as app:
        there = app.conversations.create(None, "ada")
        run = started(app, conversation_id=there.id)
        server.wait_for(1)
        spec = AgentSpec(endpoint=ENDPOINT)

        refused = app.runs.start(StartRun(input="again", spec=spec, conversation_id=there.id))

        assert isinstance(refused, Err)
        assert refused.kind == "conflict"
        app.runs.cancel(run.id)
        rested(app, run.id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input": "  "}, "input"),
        ({"spec": AgentSpec(instructions="for {{company}}", endpoint=ENDPOINT)}, "variables"),
        ({"spec": AgentSpec(endpoint="nowhere")}, "endpoint"),
        ({"spec": AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("no_such_tool"),))}, "tools"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(settings, changes, field):
    with ScriptedServer() as server, workspace(settings, server) as app:
        values = {"input": "hello", "spec": AgentSpec(endpoint=ENDPOINT)} | changes

        refused = app.runs.start(StartRun(**values))

        assert isinstance(refused, Err)
        assert refused.field == field
        assert app.runs.list() == []


def test_variables_are_filled_and_their_places_known(settings):
    spec = AgentSpec(
        instructions="You work for {{company}}.",
        variables=(Variable(name="company", default="Acme"),),
        endpoint=ENDPOINT,
    )
    with ScriptedServer(text("ok")) as server, workspace(settings, server) as app:
        view = rested(app, started(app, spec=spec, variables={"company": "Lakeside"}).id)

    assert server.requests[0].json["messages"][0] == {"role": "system", "content": "You work for Lakeside."}
    (span,) = view.state.spec.filled
    assert view.state.spec.instructions[span.start : span.end] == "Lakeside"


def test_editing_the_agent_later_changes_nothing_of_a_run(settings):
    with ScriptedServer(text("one"), text("two")) as server, workspace(settings, server) as app:
        agent = app.agents.create("Clerk", AgentSpec(instructions="First.", endpoint=ENDPOINT), "ada").value
        run = started(app, agent_id=agent.id, spec=None)
        rested(app, run.id)
        app.agents.save_draft(agent.id, AgentSpec(instructions="Second.", endpoint=ENDPOINT), "ada")
        app.agents.save_revision(agent.id, "ada")
        again = started(app, agent_id=agent.id, spec=None)
        rested(app, again.id)

        assert app.runs.view(run.id).state.spec.instructions == "First."
        assert (run.revision, again.revision) == (1, 2)


def test_a_tool_is_tried_by_hand_and_recorded(settings):
    with workspace(settings) as app:
        view = rested(app, app.runs.test_tool("calculator", '{"expression": "6*7"}', "ada").value.id)
        bad = rested(app, app.runs.test_tool("calculator", "{}", "ada").value.id)

    assert view.run.status == "done"
    assert "42" in view.run.output
    assert bad.run.status == "failed"
    assert bad.run.error_kind == "tool_args_invalid"


def test_lists_and_totals(settings):
    with (
        ScriptedServer(
            text("one", usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}), status(500)
        ) as server,
        workspace(settings, server) as app,
    ):
        first = rested(app, started(app, "alpha").id)
        second = rested(app, started(app, "beta").id)
        newest = app.runs.list()
        older = app.runs.list(before=newest[0].id)
        totals = app.runs.totals(RunFilter(kind=("cli",)))

    assert [run.id for run in newest] == [second.run.id, first.run.id]
    assert [run.id for run in older] == [first.run.id]
    assert (totals.runs, totals.failed, totals.tokens) == (2, 1, 7)


def test_a_run_of_a_process_that_stopped_goes_on_in_the_next(settings):
    with ScriptedServer(text("never ").stall_after(2), text("at last")) as server:
        with workspace(settings, server) as app:
            run = started(app)
            server.wait_for(1)
        with workspace(settings, server, adopt=True) as app:
            view = rested(app, run.id)

    assert view.run.output == "at last"
    assert len(view.state.steps[0].model.attempts) == 2
    assert faults(view.events) == []


def test_the_run_stops_at_its_step_limit(settings):
    with ScriptedServer(calls(SEVENTEEN), calls(SEVENTEEN)) as server, workspace(settings, server) as app:
        spec = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("calculator"),), limits=Limits(steps=2))
        view = rested(app, started(app, spec=spec).id)

    assert view.run.error_kind == "step_limit"
    assert len(server.requests) == 2


def test_a_stream_that_breaks_off_is_not_an_answer(settings):
    half = stream(chunk({"content": "Half an "}))
    with ScriptedServer(half) as server, workspace(settings, server) as app:
        view = rested(app, started(app).id)

    assert view.run.error_kind == "stream_incomplete"
    assert view.run.output == "Half an "


def test_a_view_is_of_one_moment_even_where_the_run_ends_while_it_is_read(settings):
    """Read in two moments, an ended run looked live for ever: nothing more would come to redraw it."""
    gate, reader, read = threading.Event(), threading.get_ident(), []

    def end_it(*_: object) -> None:
        """Between the statement that reads the run and the one that reads its journal."""
        if threading.get_ident() == reader and not read:
            read.append("the run")
            gate.set()
            rested(app, run.id)

    with ScriptedServer(text("hello").held_by(gate)) as server, workspace(settings, server) as app:
        run = started(app)
        server.wait_for(1)
        event.listen(Engine, "after_cursor_execute", end_it)
        try:
            (view,) = app.runs.views([run.id])
        finally:
            event.remove(Engine, "after_cursor_execute", end_it)

        assert read
        assert (view.run.status, view.state.ended) == ("running", None)
        assert rested(app, run.id).run.status == "done"


def test_a_process_that_only_queues_leaves_its_runs_to_others(settings):
    queueing = msgspec.structs.replace(settings, execute=False)
    with ScriptedServer(text("done elsewhere")) as server, workspace(queueing, server) as front:
        run = started(front)
        assert front.runs.get(run.id).status == "queued"
        with workspace(settings, server, adopt=True):
            view = rested(front, run.id)

    assert view.run.output == "done elsewhere"
