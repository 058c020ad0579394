"""Thoughts apart from the answer: streamed, kept, timed, and sent back only where the endpoint is set to want them."""

import threading

import pytest

from core.domain.endpoint import Compatibility
from tests.support.answers import chunk, thinking
from tests.support.scripted import ScriptedServer, calls, stream, text
from tests.support.workspace import ENDPOINT, rested, started, workspace

THOUGHTS = ("Let me ", "see.")
SEVEN = ("calculator", '{"expression": "3+4"}')


def test_they_stream_before_the_answer_and_are_kept_apart_with_their_time(settings):
    gate, seen = threading.Event(), ""
    with ScriptedServer(thinking(THOUGHTS, "Seven.", gate)) as server, workspace(settings, server) as app:
        run = started(app, "3+4?")
        for item in app.runs.stream(run.id):
            seen += getattr(item, "reasoning", "")
            if seen == "Let me see." and not gate.is_set():
                live = app.runs.view(run.id).partial
                assert (live.reasoning, live.text) == ("Let me see.", "")
                gate.set()
        view = rested(app, run.id)
    decision = view.state.steps[0].model.decision
    assert (decision.text, decision.reasoning, view.run.output) == ("Seven.", "Let me see.", "Seven.")
    exchange = decision.exchange
    assert 0 < exchange.thought_ms <= exchange.total_ms - exchange.first_token_ms + 1


def test_an_answer_without_thoughts_has_no_time_for_them(settings):
    with ScriptedServer(text("Seven.")) as server, workspace(settings, server) as app:
        view = rested(app, started(app).id)
    assert view.state.steps[0].model.decision.exchange.thought_ms is None


def test_thoughts_of_an_answer_that_broke_off_are_kept(settings):
    broken = stream(chunk({"reasoning": "Let me see."}), chunk({"content": "Sev"})).cut_after(2)
    with ScriptedServer(broken) as server, workspace(settings, server) as app:
        view = rested(app, started(app).id)
    gave_up = view.state.steps[0].model.gave_up
    assert (gave_up.reasoning, gave_up.output) == ("Let me see.", "Sev")


@pytest.mark.parametrize("back", [False, True])
def test_they_go_back_only_where_the_endpoint_wants_them(settings, back):
    first = calls(SEVEN)
    thought = stream(chunk({"reasoning_content": "I need a tool."}))
    answers = (
        stream(*thought.pieces, *first.pieces),
        stream(chunk({"reasoning_content": "Easy."}), chunk({"content": "7"}, "stop"), "[DONE]"),
        text("8"),
    )
    with ScriptedServer(*answers) as server, workspace(settings, server) as app:
        app.endpoints.update(ENDPOINT, "ada", compatibility=Compatibility(reasoning_back=back))
        talk = app.conversations.create(None, "ada")
        one = rested(app, started(app, "3+4?", ("calculator",), conversation_id=talk.id).id)
        two = rested(app, started(app, "And one more?", conversation_id=talk.id).id)
        assert all(app.proofs.replay(view.run.id).value.identical for view in (one, two))
    sent = [
        message.get("reasoning_content")
        for request in server.requests[1:]
        for message in request.json["messages"]
        if message["role"] == "assistant"
    ]
    assert sent == (["I need a tool.", "I need a tool.", "Easy."] if back else [None] * 3)
