"""Batches: queued behind people, paused and resumed as a whole, over all workers."""

import threading

import msgspec
import pytest

from core import ids
from core.domain.run_query import RunFilter
from core.services.batches import BatchState
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import rested, started, workspace


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_held_run_is_taken_up_when_its_batch_goes_on(settings):
    batch_id = ids.new_id()
    with ScriptedServer(text("a")) as server, workspace(settings, server, adopt=True) as app:
        run = started(app, batch_id=batch_id, held=True)
        app.runs.resume(run.id)  # nobody gets a held run by asking for it
        other = app.runs.test_tool("calculator", '{"expression": "1"}').value
        rested(app, other.id)
        assert app.batches.state(batch_id) == BatchState(held=1)
        assert app.batches.state(batch_id).is_paused
        assert [event.kind for event in app.runs.events(run.id)] == ["created"]
        assert app.batches.resume(batch_id) in {BatchState(queued=1), BatchState(running=1), BatchState(done=1)}
        assert rested(app, run.id).run.output == "a"
        assert app.batches.state(batch_id).is_over
        assert [one.id for one in app.runs.list(RunFilter(batch_id=batch_id))] == [run.id]


def test_pausing_lets_what_is_under_way_end_and_starts_nothing_more(settings, gate):
    batch_id = ids.new_id()
    narrow = msgspec.structs.replace(settings, concurrency=1)
    with ScriptedServer(text("1").held_by(gate), text("2"), text("3")) as server:
        with workspace(narrow, server, adopt=True) as app:
            runs = [started(app, batch_id=batch_id) for _ in range(3)]
            server.wait_for(1)
            assert app.batches.pause(batch_id, "ada") == BatchState(running=1, held=2)
            gate.set()
            assert rested(app, runs[0].id).run.output == "1"
            assert app.batches.state(batch_id) == BatchState(done=1, held=2)
            app.batches.resume(batch_id, "ada")
            assert [rested(app, run.id).run.output for run in runs] == ["1", "2", "3"]


def test_a_paused_batch_can_be_cancelled(settings):
    batch_id = ids.new_id()
    with ScriptedServer() as server, workspace(settings, server, adopt=True) as app:
        runs = [started(app, batch_id=batch_id, held=True) for _ in range(3)]
        app.batches.cancel(batch_id, "ada", "not needed")
        assert {rested(app, run.id).run.status for run in runs} == {"cancelled"}
        assert app.batches.state(batch_id) == BatchState(cancelled=3)


def test_a_run_of_a_batch_is_queued_and_has_no_priority(settings):
    with ScriptedServer() as server, workspace(settings, server) as app:
        run = started(app, batch_id=ids.new_id())
        assert (app.runs.get(run.id).status, app.runs.get(run.id).priority) == ("queued", 0)


def test_only_its_own_runs_are_paused(settings):
    mine, theirs = ids.new_id(), ids.new_id()
    with ScriptedServer() as server, workspace(settings, server) as app:
        started(app, batch_id=mine)
        started(app, batch_id=theirs)
        assert app.batches.pause(mine) == BatchState(held=1)
        assert app.batches.state(theirs) == BatchState(queued=1)
        assert app.batches.state(ids.new_id()) == BatchState()
