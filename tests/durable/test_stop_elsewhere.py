"""Stop reaches what another process does: its model's stream and its tools, as their servers see it."""

import time

import msgspec
import pytest

from core.domain.event import Finished
from core.domain.result import Ok
from core.engine.invariants import faults
from core.tools.http_request.definition import HttpTool
from tests.support.core_worker import core_worker
from tests.support.scripted import ScriptedServer, calls, stall, text
from tests.support.workspace import rested, started, workspace

LIMIT_S = 2.0


@pytest.fixture
def queueing(settings):
    """Settings of a process that executes nothing."""
    return msgspec.structs.replace(settings, execute=False)


def stopped_within_the_limit(app, run_id, request):
    asked_at = time.monotonic()
    app.runs.cancel(run_id, "ada")
    assert request.gone.wait(LIMIT_S), "the server still has its client"
    view = rested(app, run_id)
    assert time.monotonic() - asked_at < LIMIT_S
    assert view.run.status == "cancelled"
    assert faults(view.events) == []
    return view


def test_a_model_stream_of_another_process_is_left_and_its_text_kept(settings, queueing):
    with ScriptedServer(text("so", " far", " and").stall_after(3)) as server, workspace(queueing, server) as app:
        with core_worker(settings):
            run = started(app)
            with app.runs._feed.watch(run.id) as watch:
                while not (partial := app.runs.view(run.id).partial) or partial.text != "so far":
                    assert watch.news_blocking(10)
            view = stopped_within_the_limit(app, run.id, server.wait_for(1))
    assert view.run.output == "so far"


@pytest.mark.parametrize(("method", "outcome"), [("GET", "finished"), ("POST", "unknown")])
def test_a_tool_call_of_another_process_is_left_and_what_is_known_of_it_recorded(settings, queueing, method, outcome):
    with ScriptedServer(stall()) as shop, ScriptedServer(calls(("slow", "{}"))) as server:
        with workspace(queueing, server) as app, core_worker(settings):
            there = f"127.0.0.1:{shop.port}"
            tool = HttpTool(
                name="slow", description="Never answers.", method=method, url=f"http://{there}/", allow_hosts=(there,)
            )
            assert isinstance(app.tool_maker.keep_http(tool, "ada"), Ok)
            run = started(app, tools=("slow",))
            view = stopped_within_the_limit(app, run.id, shop.wait_for(1))
    (outcome_of_call,) = (event for event in view.events if event.kind == outcome and event.fact.effect == "1.0")
    if isinstance(outcome_of_call.fact, Finished):
        assert outcome_of_call.fact.error.kind == "cancelled"
