"""What servers ask people in the middle of a call, through runs: seen from anywhere, answered once, never by itself."""

import json
import time
from uuid import UUID

import msgspec
import pytest

from core.bootstrap import build
from core.domain.event import Answered, Asked
from core.domain.result import Err
from core.engine.invariants import faults
from tests.support.core_worker import core_worker
from tests.support.mcp_servers import asking
from tests.support.workspace import rested, workspace

TEA = '{"what": "tea"}'
LARGE = {"size": "large", "cups": 2, "name": "Ann"}


@pytest.fixture
def app(settings, tmp_path):
    with workspace(settings) as app:
        taken_in(app, tmp_path)
        yield app


def taken_in(app, folder):
    server = asking(folder)
    return app.tool_sources.add("shop", app.tool_sources.look(server).value, "ann").value


def asked(app, run_id: UUID) -> Asked:
    """Wait until its call asks."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        state = app.runs.view(run_id).state
        for call in state.steps[-1].calls if state.steps else ():
            if found := state.question_of(call):
                return found
        app.runs.wait(run_id, 0.02)
    raise AssertionError(f"nobody was asked: {app.runs.events(run_id)}")


def orders(folder):
    file = folder / "orders"
    return file.read_text().splitlines() if file.exists() else []


def test_an_answer_goes_to_the_call_that_waits(app, tmp_path):
    run = app.tools.test("shop_order", TEA, "ann").value
    question = asked(app, run.id)
    assert question.question.message == "How do you want the tea?"
    assert [one.id for one in app.runs.needing_people()] == [run.id]

    said = app.decisions.answer(run.id, "1.0", "approve", "bob", shown=question.shown, content=json.dumps(LARGE))
    view = rested(app, run.id)
    assert (said.value.fact.who, view.run.status) == ("bob", "done")
    assert view.run.output == "Ordered: 2 large tea for Ann."
    assert orders(tmp_path) == ["2 large tea for Ann"]
    assert app.runs.needing_people() == []
    assert faults(app.runs.events(run.id)) == []


@pytest.mark.parametrize(("say", "result"), [("deny", "No order: decline."), ("cancel", "No order: cancel.")])
def test_no_is_an_answer(app, tmp_path, say, result):
    run = app.tools.test("shop_order", TEA, "ann").value
    app.decisions.answer(run.id, "1.0", say, "ann", shown=asked(app, run.id).shown)
    assert rested(app, run.id).run.output == result
    assert orders(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "`size`"),
        ('{"size": "huge", "name": "Ann"}', '"small", "large"'),
        ('{"size": "large", "name": "Ann", "cups": 40}', "12 or less"),
        ("[1]", "one JSON object"),
        ("size", "not valid JSON"),
    ],
)
def test_what_does_not_fit_the_form_is_refused_and_the_call_goes_on_waiting(app, content, said):
    run = app.tools.test("shop_order", TEA, "ann").value
    question = asked(app, run.id)
    refused = app.decisions.answer(run.id, "1.0", "approve", "ann", shown=question.shown, content=content)
    assert isinstance(refused, Err)
    assert said in refused.message
    assert asked(app, run.id) == question
    app.decisions.deny(run.id, "1.0", "ann")
    assert rested(app, run.id).run.output == "No order: decline."


def test_of_two_people_one_answers(app):
    run = app.tools.test("shop_order", TEA, "ann").value
    shown = asked(app, run.id).shown
    assert app.decisions.answer(run.id, "1.0", "deny", "ann", shown=shown).value.fact.say == "deny"
    assert (
        app.decisions.answer(run.id, "1.0", "approve", "bob", shown=shown, content=json.dumps(LARGE)).kind == "conflict"
    )
    assert rested(app, run.id).run.output == "No order: decline."


def test_what_is_not_what_was_shown_gets_no_answer(app):
    run = app.tools.test("shop_order", TEA, "ann").value
    asked(app, run.id)
    assert app.decisions.answer(run.id, "1.0", "deny", "ann", shown="x").kind == "conflict"
    app.runs.cancel(run.id, "ann")
    assert rested(app, run.id).run.status == "cancelled"
    assert app.decisions.answer(run.id, "1.0", "deny", "ann", shown="x").message.endswith("(any more).")


def test_an_address_is_shown_and_its_answer_has_no_values(app):
    run = app.tools.test("shop_visit", "{}", "ann").value
    question = asked(app, run.id)
    assert question.question.url == "https://shop.example.org/in?x=1"
    assert "has no form" in app.decisions.approve(run.id, "1.0", "ann", arguments='{"a": 1}').message
    app.decisions.approve(run.id, "1.0", "ann")
    assert rested(app, run.id).run.output == "You said accept."


def test_where_no_person_sits_it_is_declined_at_once(settings, tmp_path):
    def alone(ports):
        return msgspec.structs.replace(ports, nobody="Nobody sits here.")

    unattended = build(settings, adopt=False, around=alone)
    try:
        taken_in(unattended, tmp_path)
        run = unattended.tools.test("shop_order", TEA, "").value
        assert rested(unattended, run.id).run.output == "No order: decline."
        facts = [event.fact for event in unattended.runs.events(run.id)]
        assert [fact.reason for fact in facts if isinstance(fact, Answered)] == ["Nobody sits here."]
    finally:
        unattended.close()


@pytest.fixture
def elsewhere(settings, tmp_path):
    """A process that executes nothing, as a page may be served by one."""
    app = build(settings, adopt=False)
    taken_in(app, tmp_path)
    yield app
    app.close()


def queued(app, name, arguments):
    """A run that another process executes."""
    app.runs._executes = False
    return app.tools.test(name, arguments, "ann").value


def test_it_is_seen_and_answered_from_another_process(settings, elsewhere, tmp_path):
    with core_worker(settings):
        run = queued(elsewhere, "shop_order", TEA)
        shown = asked(elsewhere, run.id).shown
        elsewhere.decisions.answer(run.id, "1.0", "approve", "ann", shown=shown, content=json.dumps(LARGE))
        assert elsewhere.runs.wait(run.id, 20).status == "done"
    assert orders(tmp_path) == ["2 large tea for Ann"]


def test_killed_while_it_asks_nobody_can_say_and_nothing_is_asked_again(settings, elsewhere, tmp_path):
    with core_worker(settings) as worker:
        run = queued(elsewhere, "shop_order", TEA)
        shown = asked(elsewhere, run.id).shown
        worker.kill()
        worker.wait()
    with core_worker(settings):
        assert elsewhere.runs.wait(run.id, 30).status == "waiting"
    state = elsewhere.runs.view(run.id).state
    assert state.status_of(state.steps[0].calls[0]) == "unknown"
    late = elsewhere.decisions.answer(run.id, "1.0", "approve", "ann", shown=shown, content=json.dumps(LARGE))
    assert late.kind == "conflict"
    assert orders(tmp_path) == []
    assert faults(elsewhere.runs.events(run.id)) == []
