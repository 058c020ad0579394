"""Every attempt of a model step stands in the journal, with what it left on the wire; its bytes come back as they were."""

import pytest

from tests.support.scripted import ScriptedServer, calls, drop, stall, status, text

RETRYING = """
name: Patient
spec:
  endpoint: it
  model: m
  tools:
    - name: calculator
  retry:
    attempts: 3
    wait_s: 0
"""
SEVEN = ("calculator", '{"expression": "3+4"}')
TOLD = {"x-request-id": "req-7", "x-inference-provider": "groq"}


def told(answer):
    return answer.with_header("x-request-id", "req-7").with_header("x-inference-provider", "groq")


@pytest.fixture
def server(cli, monkeypatch):
    monkeypatch.setenv("ARYABHATTA_MODEL_TIMEOUT_S", "0.5")
    with ScriptedServer() as server:
        assert cli("endpoint", "add", "it", "--base-url", server.base_url).code == 0
        yield server


def outcomes(ended):
    return [
        line["body"]
        for line in ended.lines
        if line.get("kind") in {"decision", "finished"} and "exchange" in line["body"]
    ]


def test_a_good_answer_leaves_its_exchange(cli, server):
    server.plan(told(calls(SEVEN)), told(text("Seven.")))
    ended = cli("run", "-", "3+4?", "--endpoint", "it", "--model", "m", "--tool", "calculator", "--json")
    assert ended.code == 0
    assert len(outcomes(ended)) == 2
    for body in outcomes(ended):
        exchange = body["exchange"]
        assert (exchange["status"], exchange["request_id"], exchange["provider"]) == (200, "req-7", "groq")
        assert exchange["url"] == f"{server.base_url}/chat/completions"
        assert exchange["model"] == "scripted"
        assert 0 < exchange["headers_ms"] <= exchange["first_token_ms"] <= exchange["total_ms"]


@pytest.mark.parametrize(
    ("answer", "found", "has_headers", "has_token"),
    [
        (status(401, {"error": "who?"}, TOLD), 401, True, False),
        (told(text("one ", "two").cut_after(2)), 200, True, True),
        (told(text("one ", "two").stall_after(2)), 200, True, True),
        (told(text().stall_after(0)), 200, True, False),
        (drop(), None, False, False),
        (stall(), None, False, False),
    ],
    ids=["refused", "cut", "silent", "silent after the headers", "hung up", "silent from the start"],
)
def test_a_failure_leaves_its_exchange(cli, server, answer, found, has_headers, has_token):
    server.plan(answer)
    (body,) = outcomes(cli("run", "-", "hi", "--endpoint", "it", "--model", "m", "--json"))
    exchange = body["exchange"]
    assert exchange.get("status") == found
    assert exchange["url"] == f"{server.base_url}/chat/completions"
    assert ("headers_ms" in exchange, "first_token_ms" in exchange) == (has_headers, has_token)
    assert exchange.get("request_id", "") == ("req-7" if has_headers else "")
    assert exchange["total_ms"] > 0


def test_every_attempt_stands_in_the_journal_and_no_other_is_made(cli, server, tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text(RETRYING)
    assert cli("agent", "import", str(file)).code == 0
    server.plan(status(503, {"error": "busy"}, TOLD), drop(), told(calls(SEVEN)), told(text("Seven.")))
    ended = cli("run", "Patient", "3+4?", "--json")
    assert (ended.code, len(server.requests)) == (0, 4)
    started = [line["body"] for line in ended.lines if line.get("kind") == "started" and "request" in line["body"]]
    assert [(one["effect"], one["attempt"]) for one in started] == [("1.m", 1), ("1.m", 2), ("1.m", 3), ("2.m", 1)]
    assert [one["exchange"].get("status") for one in outcomes(ended)] == [503, None, 200, 200]
    run_id = ended.lines[-1]["run_id"]
    places = [("1", "1"), ("1", "2"), ("1", "3"), ("2", "1")]
    for (step, attempt), request in zip(places, server.requests, strict=True):
        shown = cli("runs", "request", run_id, "--step", step, "--attempt", attempt)
        assert shown.code == 0
        assert shown.out.encode() == request.body
