"""How servers cut their stream into events, lines and packets."""

from dataclasses import replace

from tests.support.answers import Answer, event, stream, text
from tests.support.shapes import DONE, STOP, fails, packed, said, says, table

BOM = b"\xef\xbb\xbf"
AB = text("a", "b")
A = said(content="a")


def lines(end: bytes) -> Answer:
    return stream(*[piece.replace(b"\n", end) for piece in AB.pieces])


def typed(kind: str, *chunks: object) -> Answer:
    return stream(*chunks).with_header("content-type", kind)


SHAPES = {
    "as the standard says": says("ab", AB, AB.in_one_packet(), AB.in_packets_of(1), AB.in_packets_of(7)),
    "any line end": says("ab", lines(b"\r\n"), lines(b"\r"), lines(b"\r\n").in_packets_of(1)),
    "no blank after the colon": says(
        "a", (b"data:" + packed(A) + b"\n\n", b"data:" + packed(STOP) + b"\n\n", b"data:[DONE]\n\n")
    ),
    "a byte order mark": says(
        "ab",
        stream(BOM + AB.pieces[0], *AB.pieces[1:]),
        stream(BOM + event(A), said(content="b"), STOP, DONE),
        typed("text/plain", BOM + event(A), said(content="b"), STOP, DONE),
    ),
    "the end mark in other words": says(
        "a",
        (A, b'data: "[DONE]"\n\n'),
        (A, b"data: [DONE] \n\n"),
        (A, b"data: [done]\n\n"),
        (A, b"event: done\ndata: [DONE]\n\n"),
        (A, b"data:[DONE]\n\n"),
    ),
    "the end mark without its own end": says("a", (A, b"data: [DONE]"), (A, b"data: [DONE]\n")),
    "an empty event at the end": says("a", (A, STOP, b"event: done\ndata:\n\n")),
    "comments": says(
        "a",
        (b"data: : OPENROUTER PROCESSING\n\n", A, b"data: : x\n\n", STOP, DONE),
        (b": OPENROUTER PROCESSING\n\n", b":\n\n", A, b": keep-alive\n\n", STOP, b": x\n\n", DONE),
        (b": hi\ndata: " + packed(A) + b"\n: hi\n\n", STOP, DONE),
    ),
    "other fields": says("a", (b"id: 1\nretry: 100\nevent: message\n" + event(A), STOP, DONE)),
    "a name for every event": says("a", (b"event: chat.completion.chunk\n" + event(A), STOP, DONE)),
    "signs of life": says(
        "a",
        (b'event: ping\ndata: {"type":"ping"}\n\n', A, STOP, DONE),
        (b"event: ping\ndata: ping\n\n", A, STOP, DONE),
        (b"event: ping\ndata: 2024-01-01 10:00\n\n", A, STOP, DONE),
        (b"event: heartbeat\ndata: .\n\n", A, STOP, DONE),
        (b"event: keepalive\ndata:\n\n", A, STOP, DONE),
        (b'data: {"tool_call_generating":true}\n\n', A, STOP, DONE),
    ),
    "empty data": says("a", (b"data:\n\n", b"data: \n\n", A, STOP, DONE), (b"data: null\n\n", A, STOP, DONE)),
    "one event over several lines": says(
        "a", (b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"a"}}]}\n\n', STOP, DONE)
    ),
    "two chunks in one event": says(
        "ab", (b"data: " + packed(A) + b"\ndata: " + packed(said(content="b")) + b"\n\n", STOP, DONE)
    ),
    "a byte order mark before every event": says("ab", (*(BOM + one for one in AB.pieces),)),
    "indented events": says("ab", (*(b"  " + one for one in AB.pieces),)),
    "no line ends between events": says("ab", (b"".join(one.strip() for one in AB.pieces) + b"\n\n",)),
    "events within events": says("ab", (*(b"data: " + one for one in AB.pieces),)),
    "chunks by line, without events": says(
        "ab",
        typed("application/x-ndjson", *(packed(one) + b"\n" for one in (A, said(content="b"), STOP))),
        typed("text/event-stream", *(packed(one) + b"\n" for one in (A, said(content="b"), STOP))),
        typed("application/json", *(packed(one) + b"\n\n" for one in (A, said(content="b"), STOP)), b"[DONE]\n"),
    ),
    "chunks by line, cut": fails(
        "stream_incomplete",
        typed("application/x-ndjson", packed(A) + b"\n", packed(said(content="b")) + b"\n"),
        text="ab",
    ),
    "no empty lines between events": says("ab", (b"".join(piece[:-1] for piece in AB.pieces),)),
    "Unicode's line ends inside a text": says(
        "a\u2028b\u2029c\x85d\x0be\x0cf",
        ('{"choices":[{"index":0,"delta":{"content":"a\u2028b\u2029c\x85d\\u000be\\u000cf"}}]}', STOP, DONE),
        stream('{"choices":[{"delta":{"content":"a\u2028b\u2029c\x85d\\u000be\\u000cf"}}]}', STOP).in_packets_of(1),
    ),
    "characters cut in two": says(
        "日本 héllo 😀",
        stream(said(content="日本 héllo 😀"), STOP, DONE).in_packets_of(1),
        stream(said(content="日本 "), said(content="héllo 😀"), STOP).in_packets_of(3),
    ),
    "an emoji in two deltas": says(
        "x😀y",
        (
            b'data: {"choices":[{"delta":{"content":"x\\ud83d"}}]}\n\n',
            b'data: {"choices":[{"delta":{"content":"\\ude00y"}}]}\n\n',
            STOP,
        ),
    ),
    "half an emoji": says("x\ufffd", (b'data: {"choices":[{"delta":{"content":"x\\ud83d"}}]}\n\n', STOP, DONE)),
    "bytes that are no UTF-8": says(
        "x\ufffd\ufffdy", (b'data: {"choices":[{"delta":{"content":"x\xff\xfey"}}]}\n\n', STOP, DONE)
    ),
    "control characters": says(
        "a\tb\x1b[31mc\x07", (b'data: {"choices":[{"delta":{"content":"a\tb\\u001b[31mc\\u0007"}}]}\n\n', STOP, DONE)
    ),
    "NUL": says("a\x00b", (said(content="a\x00b"), STOP, DONE)),
    "numbers that are none": says(
        "a", (b'data: {"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"logprob":-Infinity}]}}]}\n\n', STOP)
    ),
    "a stream under another name": says(
        "ab",
        *(AB.with_header("content-type", kind) for kind in ("application/json", "text/html; charset=utf-8")),
        *(AB.with_header("content-type", kind) for kind in ("application/octet-stream", "text/plain", "")),
        AB.without_header("content-type"),
        AB.with_header("content-type", "TEXT/EVENT-STREAM;charset=UTF-8"),
        AB.with_header("content-type", "text/event-stream; charset=iso-8859-1"),
        typed("application/x-ndjson", *AB.pieces),
    ),
    "a stream under another status": says("ab", *(replace(AB, status=status) for status in (201, 202, 206))),
    "a thousand deltas": says("w " * 1_000, text(*["w "] * 1_000)),
    "a delta of a megabyte": says("z" * 1_000_000, text("z" * 1_000_000)),
    "a stream cut within an event": fails(
        "stream_incomplete",
        Answer(pieces=(event(A), b'data: {"choices":[{"index":0,"delta":{"con'), ending="cut"),
        text="a",
    ),
    "a stream that ends within an event": fails(
        "stream_incomplete", (A, b'data: {"choices":[{"index":0,"delta":{"con'), text="a"
    ),
    "a chunk that is no JSON": fails(
        "stream_malformed", (A, b"data: {bad}\n\n", said(content="b"), STOP, DONE), text="a"
    ),
    "a chunk in Python's words": fails(
        "stream_malformed", (b"data: {'choices': [{'delta': {'content': 'a'}}]}\n\n", DONE), words="choices"
    ),
    "a chunk that is no object": fails("stream_malformed", (A, b"data: [1]\n\n", STOP), (A, b"data: 7\n\n"), text="a"),
    "nonsense after the answer": says("a", (A, STOP, b"data: {bad}\n\n", DONE), notes="cannot be read"),
    "JSON too deep to read": fails(
        "stream_malformed",
        (A, b'data: {"choices":[{"delta":{"content":"a"},"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}]}\n\n", STOP, DONE),
        text="a",
    ),
}


@table(SHAPES)
async def test_events(meet, shape, answer):
    await meet(shape, answer)
