"""How HTTP frames an answer, and how servers break that frame."""

import gzip
import zlib

import pytest

from tests.support.answers import Answer, drop, event, raw, stream, text
from tests.support.scripted import ScriptedServer
from tests.support.shapes import STOP, fails, said, says, table

AB = text("a", "b")
BODY = b"".join(AB.pieces)
A = event(said(content="a"))
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
SIZED = b"content-length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = b"transfer-encoding: chunked\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)
ZIPPED = gzip.compress(BODY)


def encoded(body: bytes, encoding: str) -> Answer:
    return stream(body).with_header("content-encoding", encoding)


SHAPES = {
    "every way to mark the end": says("ab", AB.framed("chunked"), AB.framed("length"), AB.framed("close")),
    "HTTP/1.0": says(
        "ab",
        raw(b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + BODY),
        raw(b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n" + SIZED),
    ),
    "something before the answer": says(
        "ab",
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + SIZED),
        raw(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK + b"connection: close\r\n\r\n" + BODY),
        raw(b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + OK + SIZED),
        raw(b"\r\n" + OK + SIZED),
    ),
    "chunks": says(
        "ab",
        raw(OK + CHUNKED + b"\r\n" + CHUNK + b"0\r\n\r\n"),
        raw(OK + CHUNKED + b"trailer: x-t\r\n\r\n" + CHUNK + b"0\r\nx-t: 1\r\n\r\n"),
        raw(OK + CHUNKED + b"\r\n%x;foo=bar\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"),
        raw(OK + CHUNKED + b"\r\n%X\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"),
        raw(OK + CHUNKED + b"\r\n%08x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"),
        raw(OK + b"Transfer-Encoding: Chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n"),
        raw(OK + CHUNKED + b"\r\n%x\n%b\n0\n\n" % (len(BODY), BODY)),
    ),
    "chunks and a length": says("ab", raw(OK + CHUNKED + b"content-length: 5\r\n\r\n" + CHUNK + b"0\r\n\r\n")),
    "the last chunk is missing": says("ab", raw(OK + CHUNKED + b"\r\n" + CHUNK)),
    "a length that is too long": says("ab", raw(OK + b"content-length: %d\r\n\r\n" % (len(BODY) + 50) + BODY)),
    "the same length twice": says("ab", raw(OK + b"content-length: %d\r\n" % len(BODY) + SIZED)),
    "bare line ends": says("ab", raw(b"HTTP/1.1 200 OK\ncontent-type: text/event-stream\n\n" + BODY)),
    "no words after the status": says("ab", raw(b"HTTP/1.1 200\r\ncontent-type: text/event-stream\r\n\r\n" + BODY)),
    "a folded header": says("ab", raw(OK + b"x-note: one\r\n two\r\n" + SIZED)),
    "a header twice": says("ab", raw(OK + b"x-note: one\r\nx-note: two\r\n" + SIZED)),
    "long headers": says("ab", raw(OK + b"x-note: " + b"x" * 60_000 + b"\r\n" + SIZED)),
    "compressed although nobody asked": says(
        "ab",
        encoded(ZIPPED, "gzip"),
        encoded(ZIPPED, "GZIP"),
        encoded(ZIPPED, "x-gzip"),
        encoded(zlib.compress(BODY), "deflate"),
        encoded(zlib.compress(BODY)[2:-4], "deflate"),
        encoded(ZIPPED, "gzip").in_packets_of(1),
    ),
    "compressed and cut behind the answer": says("ab", encoded(ZIPPED[:-8], "gzip")),
    "not compressed": says(
        "ab", *(AB.with_header("content-encoding", name) for name in ("", "identity", "IDENTITY", "utf-8", "none"))
    ),
    "compressed, it says": fails(
        "stream_malformed", AB.with_header("content-encoding", "gzip"), words="decompressed", text=""
    ),
    "more than was announced": says("ab", raw(OK + SIZED + b"HTTP/1.1 200 OK\r\n\r\nmore")),
    "a length that is too short": fails(
        "stream_incomplete", raw(OK + b"content-length: %d\r\n\r\n" % (len(A) + 20) + A + A + A), text="a"
    ),
    "no answer": fails("connection", drop(), Answer(status=0, ending="reset", framing="close"), text=""),
    "half a head": fails("connection", raw(OK), raw(b"HTTP/1.1 200"), text=""),
    "another protocol": fails(
        "connection",
        raw(b"\x15\x03\x01\x00\x02\x02\x16"),
        raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n"),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        raw(b"<html>hello</html>\n\n"),
    ),
    "headers and nothing else": fails("empty_response", raw(OK + b"\r\n"), raw(OK + b"content-length: 0\r\n\r\n")),
    "no chunk where one should be": fails(
        "stream_incomplete", raw(OK + CHUNKED + b"\r\n" + b"%x\r\n%b\r\n" % (len(A), A) + b"zz\r\n"), text="a"
    ),
    "a chunk longer than it says": fails(
        "stream_incomplete", raw(OK + CHUNKED + b"\r\n%x\r\n" % len(A) + A + b"more\r\n"), text="a"
    ),
    "a length that is too long, cut": fails(
        "stream_incomplete", raw(OK + b"content-length: 5000\r\n\r\n" + A), text="a"
    ),
    "cut in the middle": fails("stream_incomplete", text("one ", "two ", "three").cut_after(3), text="one two "),
    "cut behind the reason": says("a", text("a").cut_after(3), notes="after the answer was complete"),
    "cut behind the end mark": says("a", text("a").cut_after(5)),
    "a body of an endless line": fails("size_limit", stream(*[b"x" * 1_000_000] * 66)),
    "one event without an end": fails("size_limit", stream(b"data: ", *[b"x" * 1_000_000] * 17)),
    "a stream that goes on after the end mark": says("a", stream(A, STOP, "[DONE]", *[said(content="x")] * 50)),
}


@table(SHAPES)
async def test_http(meet, shape, answer):
    await meet(shape, answer)


@pytest.mark.parametrize("pieces", [0, 1, 3])
async def test_a_reset_keeps_what_had_come(ask, pieces):
    with ScriptedServer(text("one ", "two ", "three").reset_after(pieces)) as server:
        reply = await ask(server)
    assert reply.fault.kind in {"stream_incomplete", "connection"}  # it may overtake the headers
    assert "one two ".startswith(reply.text)
    assert reply.fault.message
