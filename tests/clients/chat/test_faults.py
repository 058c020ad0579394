"""What status codes, bodies, headers and broken connections become."""

import json

import httpx2
import pytest

from core.clients.chat import faults, words
from core.errors import Fault

NOW_S = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def of(status, body=b"", headers=None):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return faults.of_answer(status, httpx2.Headers(headers or {}), body, NOW_S)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"),
        (401, "auth"),
        (402, "payment_required"),
        (403, "auth"),
        (404, "not_found"),
        (405, "bad_request"),
        (408, "timeout"),
        (409, "bad_request"),
        (413, "bad_request"),
        (422, "bad_request"),
        (429, "rate_limited"),
        (500, "server_error"),
        (501, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
        (504, "timeout"),
        (524, "timeout"),
        (529, "server_error"),
        (599, "server_error"),
    ],
)
def test_every_status_has_a_kind(status, kind):
    fault = of(status, {"error": {"message": "words"}})
    assert (fault.kind, fault.message, fault.status) == (kind, "words", status)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "words"}, "words"),
        ({"error": {"message": "words", "type": "x", "code": None}}, "words"),
        ({"error": {"error": {"message": "words"}}}, "words"),
        ({"errors": ["one", "two"]}, "one; two"),
        ({"errors": [{"message": "one"}]}, "one"),
        ({"message": "words"}, "words"),
        ({"detail": "words"}, "words"),
        ({"detail": [{"loc": ["body", "messages", 0], "msg": "field required"}]}, "body.messages.0: field required"),
        ({"error": "invalid_token", "error_description": "words"}, "words"),
        ([{"error": {"message": "words"}}], "words"),
        ("words", "words"),
        ({"weird": {"x": 1}}, '{"weird":{"x":1}}'),
        ({"error": {"code": 7}}, '{"error":{"code":7}}'),
        (b"plain words", "plain words"),
        (b'event: error\ndata: {"error":{"message":"words"}}\n\n', "words"),
        (b'\xef\xbb\xbf{"error":"words"}', "words"),
        (b"  spaced \n\n\n  words ", "spaced\nwords"),
        (b"<html><head><title>502 Bad Gateway</title><style>x{}</style></head><body><h1>502 Bad</h1>", "502 Bad Gateway 502 Bad"),
        (b"<p>a &lt;b&gt; &amp; c</p><script>alert(1)</script>", "a <b> & c"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a\x00b\x1b[31m", "a b [31m"),
        ({"error": "\ud83d"}, "\ufffd"),
        (b"", "HTTP 500 Internal Server Error, without a message."),
        (b"null", "HTTP 500 Internal Server Error, without a message."),
        (b"{}", "HTTP 500 Internal Server Error, without a message."),
    ],
)  # fmt: skip
def test_the_servers_words_are_found(body, message):
    assert of(500, body).message == message


def test_a_prompt_that_a_filter_stopped_is_no_bad_request():
    assert of(400, {"error": {"message": "words", "code": "content_filter"}}) == Fault("content_filter", "words", 400)
    assert of(400, {"error": {"message": "words", "code": 7}}).kind == "bad_request"


def test_words_are_bounded():
    assert len(of(500, {"error": "x" * 100_000}).message) == words.LIMIT_CHARS + 1
    assert len(of(500, b"<p>" * 50_000).message) <= words.LIMIT_CHARS + 1


def test_the_hubs_own_header_helps_where_the_body_is_empty():
    assert of(403, headers={"X-Error-Message": "No access."}).message == "No access."


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:00 GMT"}, 60.0),
        ({"Retry-After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:00 GMT", "Date": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"Retry-After": "Friday, 15-Jan-27 08:01:00 GMT"}, 60.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1e300"}, 7 * 86_400.0),
        ({"Retry-After-Ms": "250", "Retry-After": "1"}, 0.25),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"RateLimit": '"api";r=3;t=55'}, None),
    ],
)
def test_the_wait_a_server_asks_for(headers, wait_s):
    assert of(429, headers=headers).retry_after_s == wait_s


@pytest.mark.parametrize(
    ("status", "body", "kind", "wait_s"),
    [
        (503, {"error": "Model x is currently loading", "estimated_time": 20.5}, "model_loading", 20.5),
        (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "model_loading", None),
        (503, {"error": "Model too busy"}, "server_error", None),
        (500, {"error": "loading"}, "server_error", None),
    ],
)
def test_a_model_that_loads_is_no_broken_server(status, body, kind, wait_s):
    fault = of(status, body)
    assert (fault.kind, fault.retry_after_s) == (kind, wait_s)


def test_the_header_wins_over_the_estimate():
    assert of(503, {"error": "loading", "estimated_time": 20}, {"Retry-After": "3"}).retry_after_s == 3.0


def test_a_redirect_says_where_it_points():
    fault = faults.of_redirect(308, {"location": "https://other.example/v1"})
    assert (fault.kind, fault.status) == ("not_found", 308)
    assert "https://other.example/v1" in fault.message


def _caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "has_begun", "kind", "words_"),
    [
        (httpx2.ConnectTimeout(""), False, "connection", "could be made in time"),
        (httpx2.ReadTimeout(""), False, "timeout", "12 seconds"),
        (httpx2.ReadTimeout(""), True, "timeout", "12 seconds"),
        (httpx2.PoolTimeout(""), False, "timeout", "12 seconds"),
        (_caused(httpx2.ConnectError("All attempts failed"), ConnectionRefusedError(111, "Connection refused")), False, "connection", "Connection refused"),
        (_caused(httpx2.ReadError(""), ConnectionResetError(104, "Connection reset by peer")), True, "stream_incomplete", "reset by peer"),
        (httpx2.ReadError(""), True, "stream_incomplete", "ReadError"),
        (httpx2.ReadError(""), False, "connection", "ReadError"),
        (httpx2.RemoteProtocolError("incomplete chunked read"), True, "stream_incomplete", "incomplete chunked read"),
        (httpx2.RemoteProtocolError("disconnected"), False, "connection", "disconnected"),
        (httpx2.UnsupportedProtocol("ftp"), False, "bad_request", "ftp"),
        (httpx2.LocalProtocolError("Illegal header"), False, "bad_request", "Illegal header"),
        (httpx2.ProxyError("407"), False, "connection", "407"),
        (httpx2.WriteError(""), False, "connection", "WriteError"),
    ],
)  # fmt: skip
def test_broken_connections(error, has_begun, kind, words_):
    fault = faults.of_transport(error, has_begun=has_begun, silence_s=12.0)
    assert fault.kind == kind
    assert words_ in fault.message


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"X-Request-Id": "a", "CF-Ray": "b"}, "a"),
        ({"request-id": "a"}, "a"),
        ({"X-Amzn-Trace-Id": "a"}, "a"),
        ({"CF-Ray": "b"}, "b"),
        ({"X-Request-Id": ""}, ""),
        ({}, ""),
    ],
)
def test_request_ids(headers, found):
    assert faults.request_id(httpx2.Headers(headers)) == found
