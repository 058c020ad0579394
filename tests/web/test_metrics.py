"""What Prometheus reads, after real runs over real HTTP."""

from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.tool import ToolChoice
from core.errors import Unavailable
from core.settings import Settings
from core.web import metrics
from tests.support.scripted import ScriptedServer, calls, status, text
from tests.support.served import new_key, published, served
from tests.support.workspace import ENDPOINT, workspace

SUM = ("calculator", '{"expression": "2 + 3"}')
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def app(settings: Settings, model: ScriptedServer) -> Iterator[App]:
    with workspace(settings, model, adopt=True) as app:
        app.measures.begin()
        yield app


@pytest.fixture
def url(app: App) -> Iterator[str]:
    with served(app) as url:
        yield url


def figures(url: str) -> Figures:
    answer = httpx2.get(f"{url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(answer.text))
    assert len({family.name for family in families}) == len(families), "each is said once"
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(found: Figures, name: str, **labels: str) -> float:
    return found[(f"aryabhatta_{name}", frozenset(labels.items()))]


def ask(url: str, key: str, agent: str = "Clerk") -> httpx2.Response:
    body = {"input": "What is 2 + 3?", "wait_s": 20}
    return httpx2.post(
        f"{url}/api/agents/{agent}/runs", json=body, headers={"authorization": f"Bearer {key}"}, timeout=30
    )


def test_runs_calls_and_tokens_are_counted_by_what_became_of_them(app: App, url: str, model: ScriptedServer):
    published(app, "Secret agent", "calculator")
    key = new_key(app, "Secret shop").value
    model.plan(calls(SUM, ("calculator", "{")), text("It is 5."), status(500, {"error": {"message": "broken"}}))
    assert [ask(url, key, "Secret agent").status_code for _ in range(2)] == [200, 200]
    assert ask(url, "ary_wrong").status_code == 401
    found = figures(url)
    assert value(found, "runs_ended_total", status="done", error="") == 1
    assert value(found, "runs_ended_total", status="failed", error="server_error") == 1
    assert value(found, "run_seconds_count", status="done") == 1
    assert 0 < value(found, "run_seconds_sum", status="done") < 60
    assert (value(found, "model_calls_total", error=""), value(found, "model_call_seconds_count")) == (2, 2)
    assert value(found, "model_calls_total", error="server_error") == 1
    assert value(found, "tool_calls_total", outcome="done") == 1
    assert value(found, "tool_calls_total", outcome="refused") == 1
    assert value(found, "tokens_total", direction="prompt") == 20
    assert value(found, "tokens_total", direction="completion") == 10
    assert value(found, "api_requests_total", route="begin_run", status="200") == 2
    assert value(found, "api_requests_total", route="begin_run", status="401") == 1
    assert ("process_resident_memory_bytes", frozenset()) in found
    assert not any("ecret" in text for _, labels in found for _, text in labels), "no label is anybody's word"


def test_what_is_under_way_is_counted_in_the_whole_workspace(app: App, url: str, model: ScriptedServer):
    spec = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("calculator", policy="ask"),))
    app.publishing.publish(app.agents.create("Clerk", spec, "Ada").value.id, "Ada")
    model.plan(calls(SUM))
    before = figures(url)
    assert {value(before, "runs", state=one) for one in ("queued", "held", "running", "waiting")} == {0}
    ask(url, new_key(app).value)
    assert value(figures(url), "runs", state="waiting") == 1


def test_without_a_database_the_figures_say_so(url: str, monkeypatch: pytest.MonkeyPatch):
    def unreachable() -> App:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(metrics, "get_app", unreachable)
    assert httpx2.get(f"{url}/metrics").status_code == 503
