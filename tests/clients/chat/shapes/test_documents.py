"""Answers that are no stream, whether one was asked for or not."""

from dataclasses import replace

from tests.support.answers import Answer, completion, status, text
from tests.support.shapes import DONE, SUM, fails, packed, said, says, table, wants

ONE = ("calculator", SUM)
CALL = {"id": "c1", "type": "function", "function": {"name": "calculator", "arguments": SUM}}
BARE = {"function": {"name": "calculator", "arguments": SUM}}
A = completion({"role": "assistant", "content": "a"})
AS_STREAM = (("content-type", "text/event-stream"),)


def asking(calls: object, finish_reason: str = "tool_calls", **message: object):
    return completion({"role": "assistant", "content": None, "tool_calls": calls} | message, finish_reason)


SHAPES = {
    "a completion": says("a", A, A.framed("close"), A.framed("chunked"), A.in_packets_of(3), finish="stop"),
    "a completion by another name": says(
        "a",
        replace(A, headers=AS_STREAM),
        *(A.with_header("content-type", kind) for kind in ("text/plain", "application/json; charset=utf-8")),
        A.without_header("content-type"),
    ),
    "a byte order mark": says(
        "a",
        status(200, b"\xef\xbb\xbf" + packed({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]})),
    ),
    "blanks around it": says(
        "a",
        Answer(pieces=(*[b"\n"] * 20, *A.pieces), headers=A.headers),
        status(200, b"\n\n  " + b"".join(A.pieces) + b"\n\n", {"content-type": "application/json"}),
    ),
    "several choices": says(
        "a",
        status(
            200,
            {
                "choices": [
                    {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"},
                    {"index": 1, "message": {"content": "b"}},
                ]
            },
        ),
    ),
    "calls": wants(
        ONE, of=asking([CALL]), also=(asking([CALL], "stop"), asking([CALL], content=""), asking(CALL)), ids=["c1"]
    ),
    "calls without ids": wants(ONE, ONE, of=asking([BARE, BARE]), made=[True, True], notes="2 of 2"),
    "calls with the same id": wants(ONE, ONE, of=asking([CALL, CALL]), made=[False, True]),
    "calls with an object as arguments": wants(
        ONE, of=asking([{"id": "c", "function": {"name": "calculator", "arguments": {"expression": "1+1"}}}])
    ),
    "calls with an index of their own": wants(
        ONE, ONE, of=asking([{"index": 0} | CALL, {"index": 0} | CALL | {"id": "c2"}]), ids=["c1", "c2"]
    ),
    "calls beside words": wants(ONE, of=asking([CALL], content="Let me."), text="Let me."),
    "a function_call": wants(
        ONE,
        of=completion({"content": None, "function_call": {"name": "calculator", "arguments": SUM}}, "function_call"),
        made=[True],
    ),
    "null for the calls": says(
        "a",
        completion({"content": "a", "tool_calls": None, "function_call": None}),
        completion({"content": "a", "tool_calls": []}),
    ),
    "no choice": fails(
        "stream_malformed",
        status(200, {"id": "x", "choices": []}),
        status(200, {"id": "x", "choices": None}),
        status(200, {"id": "x"}),
        words="no chat completion",
    ),
    "an error": fails(
        "server_error",
        status(200, {"error": {"message": "boom", "type": "server_error"}}),
        status(200, {"error": "boom"}),
        status(200, [{"error": {"message": "boom"}}]),
        message="boom",
    ),
    "an error with its status": fails(
        "rate_limited", status(200, {"error": {"message": "slow", "code": 429}}), message="slow", status=429
    ),
    "an error that is the credential": fails(
        "auth", status(200, {"error": {"message": "who?", "code": "401"}}), message="who?", status=401
    ),
    "an error under the name of a stream": fails(
        "server_error",
        (b'{"error":{"message":"boom"}}',),
        (b'{\n "error": {\n  "message": "boom"\n }\n}\n',),
        message="boom",
    ),
    "an error of another kind": fails(
        "server_error",
        status(200, {"object": "error", "message": "boom", "code": 50001}),
        status(200, {"detail": "boom"}),
        status(207, {"error": {"message": "boom"}}),
        message="boom",
    ),
    "an error with a failed success": fails(
        "server_error",
        status(200, {"success": False, "errors": [{"code": 7000, "message": "boom"}], "messages": [], "result": None}),
        message="boom",
    ),
    "a page": fails(
        "stream_malformed",
        status(200, "<html><head><title>Login</title></head><body><p>Sign in</p></body></html>"),
        (b"<html><head><title>Login</title></head><body>Sign in</body></html>",),
        words=("Login", "Sign in"),
        without="<",
    ),
    "a text": fails("stream_malformed", status(200, "hello"), (b"hello\n\n",), words="hello"),
    "another protocol": fails(
        "stream_malformed",
        status(
            200,
            b'{"model":"x","message":{"role":"assistant","content":"a"},"done":false}\n{"done":true}\n',
            {"content-type": "application/x-ndjson"},
        ),
        status(200, {"model": "x", "message": {"role": "assistant", "content": "a"}, "done": True}),
        status(200, [{"generated_text": "a"}]),
    ),
    "a completion that was cut": fails(
        "stream_incomplete", replace(A, framing="chunked").in_packets_of(9).cut_after(5)
    ),
    "JSON that was cut": fails(
        "stream_malformed", status(200, b"".join(A.pieces)[:-9], {"content-type": "application/json"})
    ),
    "a stream where none was announced, cut": fails(
        "stream_incomplete", text("a", "b").with_header("content-type", "application/json").cut_after(2), text="a"
    ),
    "one event only": says("a", (b"data: " + b"".join(A.pieces) + b"\n\n", DONE)),
    "pieces after a whole one": says(
        "ab",
        (
            said(content="a"),
            said(content="b"),
            b"data: " + packed({"choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}]}) + b"\n\n",
        ),
    ),
}


@table(SHAPES)
async def test_documents(meet, shape, answer):
    await meet(shape, answer)
