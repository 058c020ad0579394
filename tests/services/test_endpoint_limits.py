"""How much is asked of an endpoint at once, over the whole stack."""

import threading

import pytest

from core.domain.endpoint import EndpointLimits
from core.domain.result import Err, Ok
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import ENDPOINT, LIMIT_S, rested, started, workspace


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def until_it_says(app, run_id, words):
    """Block until watchers of the run are told so."""
    with app.runs._feed.watch(run_id) as watch:
        while not (partial := app.runs.view(run_id).partial) or words not in partial.waiting:
            assert watch.news_blocking(LIMIT_S), partial


def test_a_run_that_waits_for_room_says_so_and_can_be_stopped(settings, gate):
    with ScriptedServer(text("first").held_by(gate)) as server, workspace(settings, server) as app:
        assert isinstance(app.endpoints.update(ENDPOINT, "ada", limits=EndpointLimits(concurrency=1)), Ok)
        first = started(app)
        server.wait_for(1)
        second = started(app)
        until_it_says(app, second.id, "Waiting for room at scripted: 1 under way")
        app.runs.cancel(second.id)
        assert rested(app, second.id).run.status == "cancelled"
        assert app.runs.view(first.id).run.status == "running"
        gate.set()
        assert rested(app, first.id).run.output == "first"


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        (EndpointLimits(concurrency=0), "concurrency"),
        (EndpointLimits(concurrency=1001), "concurrency"),
        (EndpointLimits(requests_per_minute=0), "requests_per_minute"),
        (EndpointLimits(requests_per_minute=100_001), "requests_per_minute"),
        (EndpointLimits(silence_s=0.0), "silence_s"),
        (EndpointLimits(silence_s=float("nan")), "silence_s"),
        (EndpointLimits(silence_s=86_401.0), "silence_s"),
    ],
)
def test_limits_that_make_no_sense(settings, limits, field):
    with ScriptedServer() as server, workspace(settings, server) as app:
        for result in (
            app.endpoints.update(ENDPOINT, "ada", limits=limits),
            app.endpoints.add("other", server.base_url, "ada", limits=limits),
        ):
            assert isinstance(result, Err)
            assert (result.kind, result.field) == ("invalid", field)
        assert app.endpoints.get(ENDPOINT).limits == EndpointLimits()


def test_limits_are_kept_and_frozen_into_a_run(settings):
    limits = EndpointLimits(silence_s=5.5, concurrency=3, requests_per_minute=60)
    with ScriptedServer(text("a")) as server, workspace(settings, server) as app:
        app.endpoints.update(ENDPOINT, "ada", limits=limits)
        assert app.endpoints.get(ENDPOINT).limits == limits
        assert rested(app, started(app).id).state.spec.endpoint.limits == limits
        app.endpoints.update(ENDPOINT, "ada", limits=EndpointLimits())
        assert app.endpoints.get(ENDPOINT).limits == EndpointLimits()
