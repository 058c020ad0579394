"""What can be proven afterwards: hashes, replay, differences, and branching off with recorded results."""

import msgspec
import pytest
from sqlalchemy import text as sql

from core.domain.result import Err, Ok
from core.engine.invariants import faults
from tests.support.scripted import ScriptedServer, calls, text
from tests.support.workspace import rested, started, workspace

SEVEN = ("calculator", '{"expression": "3+4"}')
WRITE = ("notebook_write", '{"notebook": "log", "text": "hello"}')
TOOLS = ("calculator", "notebook_write")


def finished(app):
    return rested(app, started(app, "go", TOOLS).id).run


def two_steps():
    return calls(SEVEN), calls(WRITE), text("done")


def test_a_sound_workspace_verifies_and_replays_identically(settings):
    with ScriptedServer(*two_steps(), text("hi")) as server, workspace(settings, server) as app:
        run = finished(app)
        finished(app)

        audit = app.proofs.verify().value
        verdict = app.proofs.replay(run.id).value

    assert (audit.runs, audit.first_break) == (2, None)
    assert audit.entries > 10
    assert verdict.identical
    assert verdict.requests == 3


TAMPERINGS = {
    "an entry": ("UPDATE run_events SET body = replace(body::text, 'done', 'gone')::json WHERE kind = 'ended'", "hash"),
    "the last entry": ("DELETE FROM run_events WHERE kind = 'ended'", "missing"),
    "one in the middle": ("DELETE FROM run_events WHERE seq = 3", "missing"),
    "all of them": ("DELETE FROM run_events", "missing"),
    "what it is known by": (
        "UPDATE run_events SET effect = '9.9' WHERE seq = (SELECT max(seq) FROM run_events WHERE kind = 'finished')",
        "columns",
    ),
    "an epoch": ("UPDATE run_events SET epoch = 7 WHERE kind = 'ended'", "hash"),
    "a time": ("UPDATE run_events SET at = at + interval '1 s' WHERE seq = 2", "hash"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_and_its_place_named(settings, engine, what):
    statement, found = TAMPERINGS[what]
    with ScriptedServer(*two_steps()) as server, workspace(settings, server) as app:
        run = finished(app)
        with engine.begin() as connection:
            connection.execute(sql("ALTER TABLE run_events DISABLE TRIGGER USER"))
            connection.execute(sql(statement))

        audit = app.proofs.verify(run.id).value
        assert app.proofs.verify().value.first_break == audit.first_break

    assert audit.first_break is not None
    assert found in audit.first_break.what


def test_a_fork_takes_over_the_steps_before_and_executes_nothing_twice(settings):
    answers = (*two_steps(), calls(WRITE), text("forked"))
    with ScriptedServer(*answers) as server, workspace(settings, server) as app:
        run = finished(app)
        fork = app.proofs.fork(run.id, 2, "ada").value
        view = rested(app, fork.id)

    assert view.run.output == "forked"
    assert view.state.steps[0].model.attempts == []
    reused = view.state.steps[1].calls[0].finished
    assert reused.source == f"{run.id}/2.0"
    assert view.run.totals.calls_executed == 0
    assert server.requests[3].json["messages"] == server.requests[1].json["messages"]
    assert faults(view.events) == []


def test_a_fork_with_another_input_asks_with_it(settings):
    with ScriptedServer(*two_steps(), text("other")) as server, workspace(settings, server) as app:
        run = finished(app)
        view = rested(app, app.proofs.fork(run.id, 1, "ada", "something else").value.id)

    assert server.requests[3].json["messages"] == [{"role": "user", "content": "something else"}]
    assert view.run.output == "other"


@pytest.mark.parametrize("step", [0, 9])
def test_a_fork_from_a_step_that_is_not_there_is_refused(settings, step):
    with ScriptedServer(text("hi")) as server, workspace(settings, server) as app:
        refused = app.proofs.fork(finished(app).id, step, "ada")

    assert isinstance(refused, Err)
    assert refused.field == "step"


def test_a_diff_names_the_first_divergence(settings):
    other = ("calculator", '{"expression": "3+5"}')
    with ScriptedServer(*two_steps(), calls(other), text("done")) as server, workspace(settings, server) as app:
        a, b = finished(app), finished(app)
        same = app.proofs.diff(a.id, a.id).value
        result = app.proofs.diff(a.id, b.id)

    assert isinstance(result, Ok)
    assert same.first is None
    assert result.value.settings == ()
    assert result.value.first.where == "step 1 · call 1 · arguments"
    assert (result.value.first.a, result.value.first.b) == (SEVEN[1], other[1])


def test_a_fork_of_a_process_that_executes_nothing_is_queued(settings):
    queueing = msgspec.structs.replace(settings, execute=False)
    with ScriptedServer(*two_steps(), calls(WRITE), text("forked")) as server, workspace(settings, server) as app:
        run = finished(app)
        with workspace(queueing) as web:
            fork = web.proofs.fork(run.id, 2, "ada").value
            assert (fork.status, web.executor.driving) == ("queued", 0)
            assert [event.kind for event in web.runs.events(fork.id)] == ["created", "decision", "finished"]
        app.runs.resume(fork.id)
        view = rested(app, fork.id)
    assert view.run.output == "forked"
    assert faults(view.events) == []


def test_a_bundle_whose_list_entry_was_changed_is_refused(settings):
    with ScriptedServer(text("hi")) as server, workspace(settings, server) as app:
        bundle = app.bundles.export(finished(app).id).value.decode()
        changed = [
            bundle.replace('"output": "hi"', '"output": "ho"', 1),
            bundle.replace('"status": "done"', '"status": "failed"', 1),
            bundle.replace('"input": "go"', '"input": "no"', 1),
        ]
        for one in changed:
            assert one != bundle
            assert "was changed" in app.bundles.take_in(one.encode()).message
