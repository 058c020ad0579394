"""Events must come out the same however the network cuts the bytes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.chat.sse import STRAY, ServerEvent, Splitter
from core.errors import FaultError


def _split(*pieces: bytes, flush: bool = False, limit_bytes: int = 1 << 20):
    splitter = Splitter(limit_bytes)
    events = [event for piece in pieces for event in splitter.feed(piece)]
    if flush and (last := splitter.flush()):
        events.append(last)
    return events


def _data(*pieces: bytes):
    return [event.data for event in _split(*pieces)]


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data: a\r\n\r\n", [b"a"]),
        (b"data: a\r\r", [b"a"]),
        (b"data: a\r\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a", b"b"]),  # some servers begin every event with one
        (b": comment\n\ndata: a\n\n", [b"a"]),
        (b"id: 7\nretry: 10\nnonsense\nunknown: x\ndata: a\n\n", [b"a"]),
        (b"data\n\n", [b""]),
        (b"data:\n\n", [b""]),
        (b"event: ping\n\ndata: a\n\n", [b"a"]),
        (b"\n\n\n\ndata: a\n\n\n\n", [b"a"]),
        (b"data:[DONE]\n\n", [b"[DONE]"]),
        ("data: a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf\x1cg".encode()]),
        (b"datax: a\n\n", []),
        (b"data: a\n", []),  # not ended by an empty line
        (b"", []),
    ],
)
def test_lines_and_fields(stream, data):
    assert _data(stream) == data
    assert _data(*(stream[i : i + 1] for i in range(len(stream)))) == data


def test_the_name_of_an_event_belongs_to_it_alone():
    assert _split(b"event: error\ndata: a\n\ndata: b\n\n") == [ServerEvent(b"a", b"error"), ServerEvent(b"b", b"")]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b'error: {"a":1}\n\n', [ServerEvent(b' {"a":1}', b"error")]),
        (b'error: {"a":1}', [ServerEvent(b' {"a":1}', b"error")]),
        (b'data: a\n\n{"error":"b"}\n', [ServerEvent(b"a"), ServerEvent(b'{"error":"b"}', STRAY)]),
        (b'data: a\n\n{"error":"b"}', [ServerEvent(b"a"), ServerEvent(b'{"error":"b"}', STRAY)]),
        (b'{"error":"b"}\n', []),  # no stream at all: whoever reads it looks at the whole body
    ],
)
def test_errors_outside_of_the_standard(stream, events):
    assert _split(stream, flush=True) == events


def test_an_event_comes_out_as_soon_as_its_last_line_end_is_there():
    splitter = Splitter()
    assert splitter.feed(b"data: a\r\n\r") == [ServerEvent(b"a")]  # without waiting for the LF that may follow
    assert splitter.feed(b"\ndata: b\n\n") == [ServerEvent(b"b")]


def test_what_stands_open_at_the_end_can_be_had():
    assert _split(b"data: a\n\ndata: b", flush=True) == [ServerEvent(b"a"), ServerEvent(b"b")]
    assert _split(b"data: b\n", flush=True) == [ServerEvent(b"b")]
    assert _split(b"data: a\n\n", flush=True) == [ServerEvent(b"a")]
    assert _split(b"dat", flush=True) == []


lines = st.one_of(
    st.sampled_from([b"", b"data", b"data:", b"data: ", b":", b"event: error", b"\xef\xbb\xbf", b"id: 1"]),
    st.binary(max_size=12).map(lambda tail: b"data: " + tail),
    st.binary(max_size=8),
)
streams = st.lists(st.tuples(lines, st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=12).map(
    lambda parts: b"".join(line + end for line, end in parts)
)


@given(streams, st.lists(st.integers(0, 200), max_size=20))
def test_any_chunking_gives_the_same_events(stream, cuts):
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]
    assert _split(*pieces, b"", flush=True) == _split(stream, flush=True)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30), min_size=1, max_size=8))
def test_what_a_server_writes_is_what_is_read(texts):
    stream = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert _data(stream) == [text.encode() for text in texts]


@pytest.mark.parametrize("piece", [b"data: 123456789", b"data: 1234\n"])
def test_an_endless_event_is_stopped(piece):
    with pytest.raises(FaultError, match="size_limit"):
        _split(*[piece] * 200, limit_bytes=1_000)


def test_many_events_and_comments_are_no_endless_event():
    splitter = Splitter(limit_bytes=1_000)
    for _ in range(500):
        splitter.feed(b": keep alive\n\n")
        assert splitter.feed(b"data: 1\n\n") == [ServerEvent(b"1")]


def test_a_long_line_in_tiny_pieces_stays_linear():
    splitter = Splitter()
    for _ in range(300_000):
        splitter.feed(b"x")
    assert splitter.feed(b"\n\n") == []
