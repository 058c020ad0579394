"""The scripted server is what the other tests stand on, so it is tested with a client that knows nothing of it."""

import http.client
import json
import threading

import pytest

from tests.support.scripted import ScriptedServer, calls, completion, drop, raw, stall, status, text


def _post(server, body=b"{}", path="/v1/chat/completions", connection=None):
    connection = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", path, body)
    response = connection.getresponse()
    return response, response.read()


def test_answers_come_in_order_and_requests_are_kept_whole():
    with ScriptedServer(text("a", "b"), status(429, {"error": "slow"}, {"Retry-After": "3"})) as server:
        first, body = _post(server, b'{"x": "\xc3\xa9"}')
        second, refusal = _post(server)
    assert (first.status, second.status) == (200, 429)
    assert body.endswith(b"data: [DONE]\n\n")
    assert second.headers["Retry-After"] == "3"
    assert json.loads(refusal) == {"error": "slow"}
    assert server.requests[0].body == b'{"x": "\xc3\xa9"}'
    assert server.requests[0].json == {"x": "é"}
    assert (server.requests[0].method, server.requests[0].path) == ("POST", "/v1/chat/completions")


def test_a_connection_is_reused_after_a_clean_answer():
    with ScriptedServer(text("a"), calls(("f", "{}")), completion({"content": "c"})) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        for _ in range(3):
            _post(server, connection=connection)
        connection.close()
    assert server.connections == 1


def test_a_request_nobody_planned_fails_the_test():
    with pytest.raises(AssertionError, match="nobody planned"), ScriptedServer() as server:
        assert _post(server)[0].status == 500


def test_an_answer_nobody_asked_for_fails_the_test():
    with pytest.raises(AssertionError, match="1 planned answers"), ScriptedServer(text("a")):
        pass


def test_an_error_inside_the_block_is_not_hidden():
    with pytest.raises(ZeroDivisionError), ScriptedServer(text("a")):
        1 / 0  # noqa: B018


def test_models_are_listed_without_a_plan():
    with ScriptedServer(models=("a", "b")) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/v1/models")
        listed = json.loads(connection.getresponse().read())
        connection.close()
    assert [model["id"] for model in listed["data"]] == ["a", "b"]


@pytest.mark.parametrize("answer", [text("a", "b").cut_after(2), text("a").reset_after(1), drop()])
def test_broken_answers_break(answer):
    with ScriptedServer(answer) as server, pytest.raises((http.client.HTTPException, ConnectionError)):
        _post(server)


def test_a_stalled_answer_ends_when_the_client_goes():
    with ScriptedServer(stall()) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", "/v1/chat/completions", b"{}")
        request = server.wait_for(1)
        assert not request.gone.is_set()
        connection.close()
        assert request.gone.wait(10)


def test_the_last_piece_waits_for_its_gate():
    gate = threading.Event()
    with ScriptedServer(text("a").held_by(gate)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", "/", b"{}")
        response = connection.getresponse()
        seen = b""
        while b"usage" not in seen:
            seen += response.read1(1000)
        assert b"[DONE]" not in seen
        gate.set()
        assert b"[DONE]" in response.read()
        connection.close()


def test_raw_bytes_go_out_as_they_are():
    with ScriptedServer(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")) as server:
        assert _post(server)[1] == b"ok"


def test_a_function_may_choose_by_request():
    with ScriptedServer(respond=lambda request: text(request.json["q"])) as server:
        assert b'"content": "x"' in _post(server, b'{"q":"x"}')[1]
