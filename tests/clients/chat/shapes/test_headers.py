"""What headers tell about an answer."""

import pytest

from tests.support.answers import chunk, raw, status, stream, text
from tests.support.scripted import ScriptedServer
from tests.support.shapes import STOP, fails, said, says, table

A = text("a")
IDS = (
    "x-request-id",
    "X-Request-ID",
    "request-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-correlation-id",
    "cf-ray",
)

SHAPES = {
    "the id of the request": says("a", *(A.with_header(name, "req-7") for name in IDS), request_id="req-7"),
    "no id": says("a", A, A.with_header("x-request-id", ""), request_id=""),
    "an id of many words": says("a", A.with_header("x-request-id", "x" * 5_000), request_id="x" * 200 + "…"),
    "an id with other letters": says("a", raw(b"HTTP/1.1 200 OK\r\nx-request-id: \xe9\r\n\r\n" + b"".join(A.pieces))),
    "who served it": says("a", A.with_header("x-inference-provider", "groq"), provider="groq"),
    "who served it, in the chunks": says("a", (chunk({"content": "a"}, provider="Nvidia"), STOP), provider="Nvidia"),
    "the header knows better": says(
        "a",
        stream(chunk({"content": "a"}, provider="x"), STOP).with_header("x-inference-provider", "groq"),
        provider="groq",
    ),
    "the model": says("a", A, model="scripted"),
    "the model of the first chunk that names one": says(
        "a", (said(content="") | {"model": ""}, said(content="a") | {"model": "m-2"}, STOP), model="m-2"
    ),
    "no model": says(
        "a", (said(content="a") | {"model": None}, {"choices": [{"delta": {}, "finish_reason": "stop"}]}), model=""
    ),
    "a model of another kind": says(
        "a", ({"model": 7, "choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]},), model=""
    ),
    "of a refusal": fails(
        "server_error",
        status(500, None, {"x-request-id": "req-7", "x-inference-provider": "groq"}),
        request_id="req-7",
        provider="groq",
    ),
    "of a stream that broke": fails(
        "stream_incomplete", text("a", "b").cut_after(2).with_header("x-request-id", "req-7"), request_id="req-7"
    ),
}


@table(SHAPES)
async def test_headers(meet, shape, answer):
    await meet(shape, answer)


@pytest.mark.parametrize("answer", [A, status(500), text("a", "b").cut_after(2)], ids=["good", "refused", "cut"])
async def test_times_and_status_are_always_told(ask, answer):
    with ScriptedServer(answer) as server:
        exchange = (await ask(server)).exchange
    assert exchange.status == answer.status
    assert exchange.url == f"{server.base_url}/chat/completions"
    assert 0 < exchange.headers_ms <= exchange.total_ms
    assert (exchange.first_token_ms is None) == (answer.status == 500)
