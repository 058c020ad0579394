"""A schema over real HTTP: what is sent, the verdict in the journal, and what never happens because of it."""

import msgspec
import pytest

from core.domain.agent import AgentSpec, Parameters
from core.domain.tool import ToolChoice
from core.services.conversation_files import as_json
from tests.support.scripted import ScriptedServer, calls, text
from tests.support.workspace import ENDPOINT, rested, started, workspace

SCHEMA = {"type": "object", "properties": {"price": {"type": "string"}}, "required": ["price"]}
SEVEN = ("calculator", '{"expression": "3+4"}')


def asked(app, parameters, *tools):
    spec = AgentSpec(endpoint=ENDPOINT, parameters=parameters, tools=tuple(ToolChoice(name) for name in tools))
    return rested(app, started(app, spec=spec).id)


@pytest.mark.parametrize(
    ("answer", "misfits"),
    [('{"price": "12"}', ()), ('{"price": 12}', ("answer.price: 12 is not a string",)), ("12 euros", None)],
)
def test_the_verdict_is_recorded_and_nothing_else_changes(settings, answer, misfits):
    with ScriptedServer(text(answer)) as server, workspace(settings, server) as app:
        view = asked(app, Parameters(response_schema=SCHEMA))
        verdict = app.proofs.replay(view.run.id).value
        sent = app.runs.sent(view.run.id, 1).value
    ended = view.events[-1].fact
    assert (ended.status, ended.output, len(server.requests)) == ("done", answer, 1)
    assert ended.fit.misfits == misfits if misfits is not None else ended.fit.misfits[0].startswith("answer: not JSON")
    assert verdict.identical
    assert sent.verified
    assert server.requests[0].json["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA},
    }


def test_only_the_last_answer_is_judged(settings):
    answers = (calls(SEVEN, words=("Let me see.",)), text('{"price": "7"}'))
    with ScriptedServer(*answers) as server, workspace(settings, server) as app:
        view = asked(app, Parameters(response_schema=SCHEMA), "calculator")
    assert [kind for kind in (event.kind for event in view.events) if kind == "ended"] == ["ended"]
    assert view.state.ended.fit.is_good


def test_a_run_that_asked_for_nothing_has_no_verdict_in_its_journal(settings):
    with ScriptedServer(text("hi")) as server, workspace(settings, server) as app:
        view = asked(app, Parameters())
    assert b'"fit"' not in msgspec.json.encode(view.events[-1].fact)


def test_an_answer_that_never_came_is_not_judged(settings):
    with ScriptedServer(text('{"pri', finish_reason="length")) as server, workspace(settings, server) as app:
        view = asked(app, Parameters(response_schema=SCHEMA))
    assert (view.run.status, view.state.ended.fit) == ("failed", None)


def test_a_verdict_that_is_not_what_the_journal_gives_is_found(settings):
    from core.domain.answer import Fit
    from core.domain.chain import seal
    from core.engine.invariants import faults

    with ScriptedServer(text('{"price": 12}')) as server, workspace(settings, server) as app:
        events = asked(app, Parameters(response_schema=SCHEMA)).events
    assert faults(events) == []
    last = events[-1]
    for wrong in (Fit(), None):
        fact = msgspec.structs.replace(last.fact, fit=wrong)
        forged = seal(last.run_id, last.seq, last.epoch, last.at, fact, events[-2].hash)
        assert faults([*events[:-1], forged]) == [f"entry {last.seq} (ended) is not what decide says there"]


def test_an_export_says_what_does_not_fit(settings):
    with ScriptedServer(text('{"price": 12}')) as server, workspace(settings, server) as app:
        talk = app.conversations.create(None, "ada")
        view = asked(app, Parameters(response_schema=SCHEMA))
        document = msgspec.json.decode(as_json(talk, [view]))
    assert document["runs"][0]["misfits"] == ["answer.price: 12 is not a string"]
