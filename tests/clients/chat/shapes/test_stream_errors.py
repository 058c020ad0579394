"""Errors that come inside of a stream, after a good status."""

from tests.support.answers import chunk
from tests.support.shapes import DONE, STOP, fails, packed, said, says, table

A = said(content="a")


def given_up(error: object) -> dict[str, object]:
    return {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": error}


PRETTY = b'{\n  "error": {\n    "code": 429,\n    "message": "boom",\n    "status": "RESOURCE_EXHAUSTED"\n  }\n}\n'

SHAPES = {
    "before any text": fails(
        "stream_error", ({"error": {"message": "boom", "code": 500}},), message="boom", status=500, text=""
    ),
    "after text": fails(
        "stream_error",
        (A, {"error": {"message": "boom"}}, DONE),
        (A, {"error": "boom"}),
        (A, {"error": {"error": {"message": "boom"}}}),
        (A, {"error": {"message": "boom", "type": "api_error", "param": None, "code": "all_routes_failed"}}, DONE),
        (A, {"error": "boom", "error_type": "generation"}),
        (A, {"object": "error", "message": "boom", "type": "BadRequestError", "code": 40001}),
        (A, {"choices": None, "message": "boom", "code": 1}),
        (A, {"type": "error", "error": {"type": "overloaded_error", "message": "boom"}}),
        (A, {"detail": "boom"}),
        (A, {"code": 1301, "msg": "boom"}),
        (A, {"success": False, "errors": [{"code": 7000, "message": "boom"}], "messages": [], "result": None}),
        (A, chunk(x_groq={"id": "r", "error": "boom"})),
        (A, [{"error": {"message": "boom"}}]),
        (A, {"error": {"message": "boom"}, "choices": []}),
        (A, {"error": {"message": "boom"}, "choices": [given_up(None)]}),
        (A, {"choices": [given_up({"message": "boom"})]}),
        (A, b'event: error\ndata: {"message":"boom"}\n\n'),
        (A, b"event: error\ndata: boom\n\n"),
        (A, b'event: error\ndata: {"error":{"message":"boom","type":"invalid_request_error"}}\n\n'),
        (A, b'{"error":{"message":"boom"}}\n\n'),
        (A, b'error: {"code":40001,"message":"boom","type":"invalid_request_error"}\n\n', DONE),
        (A, b'error: {"message":"boom"}\n'),
        (A, b'{"error":{"message":"boom"}}\n', DONE),
        text="a",
        message="boom",
    ),
    "set in many lines": fails(
        "stream_error", (A, PRETTY), (A, b"[" + PRETTY + b"]\n"), (A, PRETTY[:-1]), text="a", message="boom", status=429
    ),
    "with its status": fails(
        "stream_error",
        (A, {"error": {"code": 502, "message": "boom"}}),
        (A, {"error": {"code": "502", "message": "boom"}}),
        (A, {"error": {"status": 502, "message": "boom"}}),
        (A, {"error": {"status_code": 502, "message": "boom"}}),
        (A, {"error": {"http_status_code": 502, "message": "boom"}}),
        (A, {"code": 502, "message": "boom"}),
        (
            A,
            {"id": "x", "provider": "Nvidia", "error": {"code": 502, "message": "boom"}, "choices": [given_up(None)]},
            DONE,
        ),
        (A, {"choices": [given_up({"code": 502, "message": "boom"})]}),
        text="a",
        message="boom",
        status=502,
    ),
    "without words": fails(
        "stream_error", (A, {"error": {"code": 7}}), (A, {"error": {"foo": "bar"}}), (A, {"error": True}), text="a"
    ),
    "a field that says there is none": says(
        "a", *[(chunk({"content": "a"}, error=none), STOP, DONE) for none in (None, {}, False, "")]
    ),
    "after the reason": fails("stream_error", (A, STOP, {"error": {"message": "boom"}}), text="a", message="boom"),
    "after the end mark": says("a", (A, STOP, DONE, {"error": {"message": "boom"}})),
    "with markup": fails(
        "stream_error",
        (A, {"error": {"message": "<html><head><title>502</title></head><body>Bad gateway</body></html>"}}),
        words="Bad gateway",
    ),
    "far too long": fails("stream_error", ({"error": {"message": "x" * 500_000}},), words="xxx…"),
    "a message field beside text": says("a", (chunk({"content": "a"}, message="hi", detail="x"), STOP)),
    "nonsense first": fails(
        "stream_malformed", (b"data: upstream connect error\n\n",), words="upstream connect error", text=""
    ),
    "nonsense after text": fails(
        "stream_malformed", (A, b"data: upstream connect error\n\n"), words="upstream connect error", text="a"
    ),
    "several at once": fails(
        "stream_error",
        (
            A,
            b"data: "
            + packed({"error": {"message": "boom"}})
            + b"\ndata: "
            + packed({"error": {"message": "later"}})
            + b"\n\n",
        ),
        message="boom",
    ),
}


@table(SHAPES)
async def test_errors_in_a_stream(meet, shape, answer):
    await meet(shape, answer)
