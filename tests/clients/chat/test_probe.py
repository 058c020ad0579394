"""Checking an endpoint: it answers, it lists its models, it accepts the credential; or a fault says why not."""

import json
import threading

import httpx2
import pytest

from core.clients.chat.probe import probe
from core.domain.endpoint import Endpoint
from tests.support.scripted import Answer, ScriptedServer, text

ENDPOINT = Endpoint(name="e", kind="openai")
ROUTER = Endpoint(name="hf", kind="huggingface")


def answering(handler):
    return httpx2.MockTransport(handler)


def test_models_are_listed():
    with ScriptedServer(models=("a", "b", "a")) as server:
        found = probe(ENDPOINT, server.base_url, "sk-1")
    assert (found.ok, found.models, found.fault) == (True, ("a", "b"), None)
    assert found.url == f"{server.base_url}/models"
    assert found.took_ms > 0
    assert server.model_lists[0].headers["authorization"] == "Bearer sk-1"


def test_without_a_key_no_credential_is_sent(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_machine")
    with ScriptedServer() as server:
        assert probe(ENDPOINT, server.base_url, None).ok
    assert "authorization" not in server.model_lists[0].headers


@pytest.mark.parametrize(
    ("body", "models"),
    [
        ({"data": [{"id": "a"}]}, ("a",)),
        ({"models": [{"name": "a"}, {"model": "b"}]}, ("a", "b")),
        ([{"id": "a"}, "b", 7, {"x": 1}], ("a", "b")),
        ({"data": []}, ()),
    ],
)
def test_lists_of_many_servers(body, models):
    network = answering(lambda _: httpx2.Response(200, json=body))
    assert probe(ENDPOINT, "http://h/v1", None, transport=network).models == models


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (httpx2.Response(401, json={"error": {"message": "bad key sk-1"}}), "auth", "bad key [key]"),
        (httpx2.Response(404, text="nothing here"), "not_found", "nothing here"),
        (httpx2.Response(200, text="<html><title>Hello</title></html>"), "stream_malformed", "Hello"),
        (httpx2.Response(200, json={"hello": 1}), "stream_malformed", "hello"),
        (httpx2.Response(301, headers={"location": "https://h/v1/models"}), "not_found", "to https://h/v1. Set that"),
        (httpx2.Response(200), "stream_malformed", "no list of models: the answer is empty."),
        (httpx2.Response(200, text="[" * 200_000), "stream_malformed", "no list of models"),
        (httpx2.Response(200, content=b"[" + b"1," * 9_000_000), "size_limit", "larger"),
    ],
)
def test_servers_that_do_not(answer, kind, said):
    found = probe(ENDPOINT, "http://h/v1", "sk-1", transport=answering(lambda _: answer))
    assert (found.ok, found.fault.kind) == (False, kind)
    assert said in found.fault.message
    assert len(found.fault.message) < 400


def test_nobody_listens():
    server = ScriptedServer()
    server.stop()
    found = probe(ENDPOINT, server.base_url, None)
    assert found.fault.kind == "connection"


@pytest.mark.parametrize(
    ("endpoint", "address", "key", "kind"),
    [(ENDPOINT, "h/v1", None, "bad_request"), (ROUTER, "", None, "auth"), (ROUTER, "", "sk-1", "auth")],
)
def test_nothing_is_asked_where_nothing_can_be(endpoint, address, key, kind):
    def refuse(request):
        raise AssertionError(request.url)

    found = probe(endpoint, address, key, transport=answering(refuse))
    assert (found.fault.kind, found.url) == (kind, "")


@pytest.mark.parametrize(("status", "fault"), [(200, None), (401, "auth")])
def test_the_hugging_face_token_is_checked_since_the_router_lists_to_anybody(status, fault):
    asked = []

    def hub(request):
        asked.append((str(request.url), request.headers["authorization"]))
        if request.url.host == "huggingface.co":
            return httpx2.Response(status, content=json.dumps({"name": "ada", "error": "Invalid token"}))
        return httpx2.Response(200, json={"data": [{"id": "org/model"}]})

    found = probe(ROUTER, "", "hf_1", transport=answering(hub))
    assert (found.fault and found.fault.kind) == fault
    assert asked == [
        ("https://router.huggingface.co/v1/models", "Bearer hf_1"),
        ("https://huggingface.co/api/whoami-v2", "Bearer hf_1"),
    ]
    assert found.models == ("org/model",)


@pytest.fixture
def never():
    """Set at the end of the test, so that a server that waits for it can go."""
    gate = threading.Event()
    yield gate
    gate.set()


def dripping(gate):
    """A list that comes byte by byte, each within any bound for silence."""
    return Answer(pieces=(b" ",) * 10_000).paced(0.02).held_by(gate)


@pytest.mark.parametrize("answer", [lambda gate: text("x").headers_held_by(gate), dripping])
def test_the_limit_is_for_all_of_the_answer(answer, never):
    with ScriptedServer(listing=answer(never)) as server:
        found = probe(ENDPOINT, server.base_url, None, limit_s=0.3)
        server.model_lists[0].gone.wait(5)
        never.set()
    assert (found.ok, found.fault.kind) == (False, "timeout")
    assert found.fault.message == "The server did not answer in full within 0.3 seconds."
    assert 300 <= found.took_ms < 3_000
