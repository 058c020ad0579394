"""Runs of published agents as a resource, over real HTTP."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import httpx2
import pytest

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.tool import ToolChoice
from core.settings import Settings
from tests.support.scripted import ScriptedServer, calls, status, text
from tests.support.served import new_key, published, served
from tests.support.workspace import ENDPOINT, rested, workspace

SUM = ("calculator", '{"expression": "2 + 3"}')


@pytest.fixture
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def app(settings: Settings, model: ScriptedServer) -> Iterator[App]:
    with workspace(settings, model, adopt=True) as app:
        yield app


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    with (
        served(app) as url,
        httpx2.Client(
            base_url=url, headers={"authorization": f"Bearer {new_key(app).value}"}, timeout=30, trust_env=False
        ) as one,
    ):
        yield one


def begin(client: httpx2.Client, agent: str = "Clerk", body: Any = None, **headers: str) -> httpx2.Response:
    asked = {"input": "What is 2 + 3?", "wait_s": 20} if body is None else body
    return client.post(f"/api/agents/{agent}/runs", json=asked, headers=headers)


def test_a_run_that_is_waited_for_comes_with_its_result(app: App, client: httpx2.Client, model: ScriptedServer):
    published(app, "Clerk", "calculator")
    model.plan(calls(SUM, words=("Let me see.",)), text("It is 5."))
    answer = begin(client)
    (run,) = app.runs.list()
    assert answer.status_code == 200
    assert answer.json() == {
        "run_id": str(run.id),
        "run_url": f"/run?run={run.id}",
        "status": "done",
        "agent": "Clerk",
        "revision": 1,
        "output": "It is 5.",
        "error": None,
        "waiting_for": [],
        "steps": 2,
        "calls": {"executed": 1, "refused": 0},
        "usage": {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30},
    }
    assert (run.kind, run.tags) == ("api", ("key:Shop",))


def test_a_run_that_takes_longer_is_followed_under_its_own_address(
    app: App, client: httpx2.Client, model: ScriptedServer
):
    published(app, "Sales / North")
    gate = Event()
    model.plan(text("It is ", "5.").held_by(gate))
    answer = begin(client, "Sales%20%2F%20North", {"messages": [{"role": "user", "content": "2 + 3?"}]})
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    place = answer.headers["location"]
    assert client.get(place).json()["status"] == "running"
    assert client.get(place, params={"wait_s": 0.05}).json()["status"] == "running"
    gate.set()
    done = client.get(place, params={"wait_s": 20}).json()
    assert (done["status"], done["output"]) == ("done", "It is 5.")


def test_a_run_that_waits_for_a_person_says_for_what(app: App, client: httpx2.Client, model: ScriptedServer):
    spec = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("calculator", policy="ask"),))
    app.publishing.publish(app.agents.create("Clerk", spec, "Ada").value.id, "Ada")
    model.plan(calls(SUM))
    waits = begin(client).json()
    assert (waits["status"], waits["output"]) == ("waiting", "")
    assert waits["waiting_for"] == [{"call": "1.0", "tool": "calculator", "why": "approval"}]
    stopped = client.post(f"/api/agents/Clerk/runs/{waits['run_id']}/cancel")
    assert stopped.status_code == 200
    view = rested(app, app.runs.list()[0].id)
    assert (view.run.status, view.state.cancelled_by) == ("cancelled", "Shop (API key)")
    assert client.get(f"/api/agents/Clerk/runs/{waits['run_id']}").json()["status"] == "cancelled"


def test_a_run_that_failed_is_a_result_too(app: App, client: httpx2.Client, model: ScriptedServer):
    published(app)
    model.plan(status(401, {"error": {"message": "bad key sk-xyz"}}))
    failed = begin(client).json()
    assert (failed["status"], failed["error"]["kind"]) == ("failed", "auth")
    assert "sk-xyz" not in str(failed)


def test_the_same_idempotency_key_is_the_same_run(app: App, client: httpx2.Client, model: ScriptedServer):
    published(app)
    model.plan(text("It is 5."))
    once = {"Idempotency-Key": "order-1"}
    first, second = begin(client, **once), begin(client, **once)
    assert first.json() == second.json()
    assert [one.headers.get("idempotency-replayed") for one in (first, second)] == [None, "true"]
    other = begin(client, body={"input": "What is 2 + 4?"}, **once)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert other.headers["x-should-retry"] == "false"
    assert len(app.runs.list()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": ""},
        {"input": "a", "messages": [{"role": "user", "content": "b"}]},
        {"input": "a", "wait_s": -1},
        {"input": "a", "wait_s": 601},
        {"input": "a", "tools": ["calculator"]},
        {"input": "a", "variables": {"x": 1}},
        [],
    ],
)
def test_a_request_that_makes_no_sense_is_refused(app: App, client: httpx2.Client, body):
    published(app)
    answer = begin(client, body=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert app.runs.list() == []


def test_a_key_sees_only_the_runs_that_it_began(app: App, client: httpx2.Client, model: ScriptedServer):
    published(app)
    published(app, "Other")
    model.plan(text("It is 5."))
    run_id = begin(client).json()["run_id"]
    other = {"authorization": f"Bearer {new_key(app, 'Other').value}"}
    assert client.get(f"/api/agents/Clerk/runs/{run_id}").status_code == 200
    assert client.get(f"/api/agents/Clerk/runs/{run_id}", headers=other).status_code == 404
    assert client.post(f"/api/agents/Clerk/runs/{run_id}/cancel", headers=other).status_code == 404
    assert client.get(f"/api/agents/Other/runs/{run_id}").status_code == 404
    assert client.get("/api/agents/Clerk/runs/nothing").status_code == 404
    assert client.get(f"/api/agents/Clerk/runs/{run_id}?wait_s=x").status_code == 400


def test_a_key_that_asks_too_often_is_told_how_long_to_wait(app: App, client: httpx2.Client, model: ScriptedServer):
    published(app)
    model.plan(text("It is 5."), text("It is 5."))
    slow = {"authorization": f"Bearer {new_key(app, 'Slow', requests_per_minute=1).value}"}
    assert begin(client, **slow).status_code == 200
    refused = begin(client, **slow)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 61
    chat = client.post("/v1/chat/completions", content=json.dumps({}), headers=slow)
    assert (chat.status_code, chat.json()["error"]["type"]) == (429, "rate_limit_error")
    assert client.get("/v1/models", headers=slow).status_code == 200, "what begins no run is not counted"
    assert begin(client).status_code == 200, "another key has a minute of its own"


def test_whoever_hangs_up_may_come_back(app: App, client: httpx2.Client, model: ScriptedServer):
    published(app)
    gate = Event()
    model.plan(text("It is ", "5.").held_by(gate))
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/api/agents/Clerk/runs", json={"input": "2 + 3?", "wait_s": 60}, timeout=1)
    gate.set()
    (run,) = app.runs.list()
    assert rested(app, run.id).run.status == "done"
