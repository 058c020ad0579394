"""An endpoint's limits hold over real worker processes, and over one that is killed."""

import threading
import time
from contextlib import ExitStack

import msgspec
import pytest

from core import ids
from core.domain.endpoint import EndpointLimits
from core.domain.event import Claimed, Started
from core.engine.invariants import faults
from tests.support.core_worker import core_worker
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import ENDPOINT, rested, started, workspace


class UnderWay:
    """Counts the requests that a server has under way, from their arrival to right before their last piece."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def answer(self, _request):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        return text("a", "b", "c").paced(0.02).held_by(self)

    def wait(self, _timeout_s):
        with self._lock:
            self.now -= 1
        return True


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def queueing(settings):
    """Settings of a process that executes nothing."""
    return msgspec.structs.replace(settings, execute=False)


def who_had(app, run_id):
    return [event.fact.by for event in app.runs.events(run_id) if isinstance(event.fact, Claimed)]


def until_it_says(app, run_id, words):
    """Block until watchers of the run are told so, wherever it is executed."""
    with app.runs._feed.watch(run_id) as watch:
        while not (partial := app.runs.view(run_id).partial) or words not in partial.waiting:
            assert watch.news_blocking(10), partial


def test_two_workers_together_ask_no_more_at_once_than_the_endpoint_may_be(settings, queueing):
    under_way, batch_id = UnderWay(), ids.new_id()
    with ScriptedServer(respond=under_way.answer) as server, workspace(queueing, server) as app, ExitStack() as stack:
        app.endpoints.update(ENDPOINT, "ada", limits=EndpointLimits(concurrency=3))
        runs = [started(app, batch_id=batch_id, held=True) for _ in range(24)]
        for _ in "ab":
            stack.enter_context(core_worker(settings, concurrency=10))
        app.batches.resume(batch_id)
        views = [rested(app, run.id) for run in runs]
    assert {view.run.output for view in views} == {"abc"}
    assert under_way.most == 3
    assert (
        len({name for view in views for name in (event.fact.by for event in view.events if event.kind == "claimed")})
        == 2
    )
    assert [fault for view in views for fault in faults(view.events)] == []
    starts = [event.fact for view in views for event in view.events if isinstance(event.fact, Started)]
    assert len(starts) == 24, "a run that waits has started nothing"
    assert any(start.waited_s > 0 for start in starts)


def test_the_room_of_a_killed_worker_is_free_at_once_and_its_run_goes_on_elsewhere(settings, queueing, gate):
    first = text("never").held_by(gate)
    with ScriptedServer(first, text("second"), text("third")) as server, workspace(queueing, server) as app:
        app.endpoints.update(ENDPOINT, "ada", limits=EndpointLimits(concurrency=1))
        with core_worker(settings, concurrency=1) as holder:
            killed = started(app)
            server.wait_for(1)
            with core_worker(settings, concurrency=1):
                waiting = started(app)
                until_it_says(app, waiting.id, "Waiting for room at scripted: 1 under way.")
                holder.kill()
                killed_at = time.monotonic()
                server.wait_for(2)
                assert time.monotonic() - killed_at < 5
                assert {rested(app, run.id).run.output for run in (waiting, killed)} == {"second", "third"}
        assert len(who_had(app, waiting.id)) == 1
        assert len(who_had(app, killed.id)) == 2
        assert faults(app.runs.events(killed.id)) == []


def test_a_run_that_waits_for_room_elsewhere_is_stopped_within_two_seconds(settings, queueing, gate):
    with ScriptedServer(text("first").held_by(gate)) as server, workspace(queueing, server) as app:
        app.endpoints.update(ENDPOINT, "ada", limits=EndpointLimits(concurrency=1))
        with core_worker(settings), core_worker(settings):
            first = started(app)
            server.wait_for(1)
            second = started(app)
            until_it_says(app, second.id, "Waiting for room")
            asked_at = time.monotonic()
            app.runs.cancel(second.id)
            assert rested(app, second.id).run.status == "cancelled"
            assert time.monotonic() - asked_at < 2
            assert [event.kind for event in app.runs.events(second.id)] == ["created", "claimed", "cancelled", "ended"]
            gate.set()
            assert rested(app, first.id).run.output == "first"


def test_two_workers_together_begin_no_more_in_a_minute_than_the_budget_has(settings, queueing):
    with ScriptedServer(*[text("a")] * 5) as server, workspace(queueing, server) as app:
        app.endpoints.update(ENDPOINT, "ada", limits=EndpointLimits(requests_per_minute=5))
        with core_worker(settings, concurrency=4), core_worker(settings, concurrency=4):
            runs = [started(app) for _ in range(7)]
            server.wait_for(5)
            waiting = [run for run in runs if app.runs.wait(run.id, 2.0).status == "running"]
            assert len(waiting) == 2
            for run in waiting:
                until_it_says(app, run.id, "Waiting for the next minute's budget of scripted: 5 requests a minute.")
                app.runs.cancel(run.id)
                assert rested(app, run.id).run.status == "cancelled"
    assert len(server.requests) == 5
