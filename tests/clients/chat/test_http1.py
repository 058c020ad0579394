"""Responses of HTTP/1.1, cut anywhere, framed in every way, and what is none."""

from itertools import pairwise

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clients.chat import http1
from core.clients.chat.http1 import ResponseParser

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def parsed(data, *, closed=False, packets=None):
    parser = ResponseParser()
    for packet in packets or [data]:
        parser.feed(packet)
    if closed:
        parser.end()
    return parser


@pytest.mark.parametrize(
    ("data", "body", "keeps_alive"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nab", b"ab", True),
        (b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nab", b"ab", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 500 unasked", b"ab", False),
        (CHUNKED + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n", b"ab", True),
        (CHUNKED + b"0002 \r\nab\r\n0\r\n\r\n", b"ab", True),
        (CHUNKED + b"2;name=value\r\nab\r\n0;last\r\nTrailer: x\r\n\r\n", b"ab", True),
        (CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2, True),
        (CHUNKED + b"2\nab\n0\n\n", b"ab", True),
        (CHUNKED.replace(b"200 OK\r\n", b"200 OK\r\nContent-Length: 99\r\n") + b"2\r\nab\r\n0\r\n\r\n", b"ab", True),
        (CHUNKED.replace(b"chunked", b"Chunked") + b"2\r\na\r\r\n0\r\n\r\n", b"a\r", True),
    ],
)
def test_every_framing(data, body, keeps_alive):
    for size in (1, 2, 3, len(data)):
        parser = parsed(data, packets=[data[at : at + size] for at in range(0, len(data), size)])
        assert (b"".join(parser.body), parser.is_complete, parser.keeps_alive) == (body, True, keeps_alive)
        assert parser.head.status in {200, 204}


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"]
)
def test_without_a_length_the_end_of_the_connection_is_the_end(head):
    parser = parsed(head + b"ab")
    assert not parser.is_complete
    parser.end()
    assert (parser.body, parser.is_complete, parser.keeps_alive) == ([b"ab"], True, False)


def test_headers_as_they_are_written():
    parser = parsed(
        b"HTTP/1.1 200 OK\r\nX-One:  a b \r\nx-two:\r\nX-Long: a\r\n\t b\r\nX-Latin: \xe9\r\nX-One: c\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    assert parser.head.headers == [
        (b"x-one", b"a b"),
        (b"x-two", b""),
        (b"x-long", b"a b"),
        (b"x-latin", b"\xe9"),
        (b"x-one", b"c"),
        (b"content-length", b"0"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"+2\r\nab\r\n",
        CHUNKED + b"0x2\r\nab\r\n",
        CHUNKED + b"1_0\r\nab\r\n",
        CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"\r\n",
    ],
)
def test_what_is_no_response(data):
    with pytest.raises(httpx2.RemoteProtocolError):
        parsed(data)
    with pytest.raises(httpx2.RemoteProtocolError):
        parsed(data, packets=[data[at : at + 1] for at in range(len(data))], closed=True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
        CHUNKED + b"2\r\na",
        CHUNKED + b"2\r\nab\r\n",
        CHUNKED + b"2\r\nab\r\n0\r\n",
    ],
)
def test_an_end_before_the_end(data):
    with pytest.raises(httpx2.RemoteProtocolError):
        parsed(data, closed=True)


def test_what_came_before_an_error_is_kept():
    parser = ResponseParser()
    with pytest.raises(httpx2.RemoteProtocolError):
        parser.feed(CHUNKED + b"2\r\nab\r\nzz\r\n")
    assert parser.body == [b"ab"]


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 200 OK\r\nx: " + b"a" * http1.HEAD_LIMIT_BYTES, CHUNKED + b"1" + b" " * 20_000, CHUNKED + b"0\r\n" + b"a" * 20_000],
)  # fmt: skip
def test_what_never_ends_is_bounded(data):
    with pytest.raises(httpx2.RemoteProtocolError, match="without an end"):
        parsed(data)


@settings(deadline=None)  # the machine may be busy
@given(chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=8), cuts=st.lists(st.integers(0, 400), max_size=12))
def test_packets_may_be_cut_anywhere(chunks, cuts):
    data = CHUNKED + b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    packets = [data[start:end] for start, end in pairwise(places)]
    parser = parsed(data, packets=packets)
    assert (b"".join(parser.body), parser.is_complete) == (b"".join(chunks), True)
