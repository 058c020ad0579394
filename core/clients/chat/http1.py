"""One HTTP/1.1 response from bytes that are cut anywhere (RFC 9112). No sockets here.

The general client stack spends more on a chunk of a stream than everything else together; what a chat endpoint sends
needs none of what it does for that. Lenient where nothing can be misunderstood (a bare LF as line end, folded
headers), strict where framing is concerned.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import httpx2

HEAD_LIMIT_BYTES: Final = 256 * 1024
_LINE_LIMIT_BYTES: Final = 16 * 1024
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) +(\d{3})(?: [^\r\n]*)?")
_HEADER: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*([^\x00\r\n]*?)[ \t]*")
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")

Headers = list[tuple[bytes, bytes]]


class Head(NamedTuple):
    status: int
    headers: Headers


class ResponseParser:
    """Takes bytes and finds those of the body. Raises `httpx2.RemoteProtocolError` for what is no response."""

    __slots__ = ("_left", "_rest", "_step", "body", "head", "is_complete", "keeps_alive")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.body: list[bytes] = []
        """The pieces that have come, for the reader to take away; after an error those that came before it."""
        self.is_complete = False
        self.keeps_alive = False
        """Whether the connection can be used again, once the response is complete."""
        self._rest = b""
        self._left = 0
        self._step: Callable[[bytes, int], int] = self._read_head

    def feed(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while at < end and not self.is_complete:
            after = self._step(data, at)
            if after < 0:
                break
            at = after
        self._rest = data[at:]
        if self.is_complete and self._rest:
            self.keeps_alive = False  # nobody asked for what follows

    def end(self) -> None:
        """The server closed its side: legal for a body whose length nobody told."""
        if self._step == self._read_until_closed:
            self.is_complete = True
        if self.is_complete:
            return
        if self.head is None:
            raise httpx2.RemoteProtocolError("it closed the connection without an answer")
        raise httpx2.RemoteProtocolError("the end of the body is missing")

    def _read_head(self, data: bytes, at: int) -> int:
        if data.startswith((b"\r", b"\n"), at):
            return at + 1  # left over from the body before
        if (end := _HEAD_END.search(data, at)) is None:
            _check_bound(data, at, HEAD_LIMIT_BYTES)
            return -1
        version, head = _head(data[at : end.start()])
        if head.status < 200 and head.status != 101:
            return end.end()  # "100 Continue" and the like announce the response
        self.head = head
        self._frame(version, head)
        return end.end()

    def _frame(self, version: bytes, head: Head) -> None:
        """How the end of the body will be known (RFC 9112, 6.3)."""
        said = _tokens(head.headers, b"connection")
        self.keeps_alive = b"close" not in said if version == b"1" else b"keep-alive" in said
        coding, length = _tokens(head.headers, b"transfer-encoding"), _length(head.headers)
        if head.status in {101, 204, 304}:
            self.is_complete = True
        elif coding and coding != [b"identity"]:
            if coding != [b"chunked"]:
                raise httpx2.RemoteProtocolError(f"unknown transfer-encoding: {b', '.join(coding)!r}")
            self._step = self._read_chunk
        elif length is None:
            self._step, self.keeps_alive = self._read_until_closed, False
        else:
            self._step, self._left, self.is_complete = self._read_counted, length, length == 0

    def _read_until_closed(self, data: bytes, at: int) -> int:
        self.body.append(data[at:])
        return len(data)

    def _read_counted(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        self.body.append(piece)
        self._left -= len(piece)
        self.is_complete = self._left == 0
        return at + len(piece)

    def _read_chunk(self, data: bytes, at: int) -> int:
        size = _CHUNK_SIZE.match(data, at)
        if size is None:
            if data.find(b"\n", at) >= 0:
                raise httpx2.RemoteProtocolError(f"not the size of a chunk: {data[at : at + 20]!r}")
            _check_bound(data, at, _LINE_LIMIT_BYTES)
            return -1
        start, self._left = size.end(), int(size[1], 16)
        if not self._left:
            self._step = self._read_trailer
            return start
        end = start + self._left
        if data.startswith(b"\r\n", end):  # most chunks come whole
            self.body.append(data[start:end])
            return end + 2
        self._step = self._read_rest_of_chunk
        return start

    def _read_rest_of_chunk(self, data: bytes, at: int) -> int:
        if piece := data[at : at + self._left]:
            self.body.append(piece)
            self._left -= len(piece)
            return at + len(piece)
        line_end = 2 if data.startswith(b"\r\n", at) else 1
        if data[at:] == b"\r":
            return -1
        if data[at + line_end - 1 : at + line_end] != b"\n":
            raise httpx2.RemoteProtocolError("a chunk is longer than it says")
        self._step = self._read_chunk
        return at + line_end

    def _read_trailer(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        if end < 0:
            _check_bound(data, at, _LINE_LIMIT_BYTES)
            return -1
        self.is_complete = data[at:end] in {b"", b"\r"}
        return end + 1


def _head(data: bytes) -> tuple[bytes, Head]:
    """The minor version, and status and headers by lower-case name."""
    lines = data.replace(b"\r\n", b"\n").rstrip(b"\r").split(b"\n")
    status = _STATUS.fullmatch(lines[0])
    if status is None:
        raise httpx2.RemoteProtocolError(f"this is no HTTP response: {lines[0][:60]!r}")
    return status[1], Head(int(status[2]), [_header(line) for line in _unfolded(lines[1:])])


def _unfolded(lines: Iterable[bytes]) -> list[bytes]:
    """Headers that were continued on a next line are joined (RFC 9112, 5.2)."""
    whole: list[bytes] = []
    for line in lines:
        if whole and line.startswith((b" ", b"\t")):
            whole[-1] += b" " + line.strip()
        else:
            whole.append(line)
    return whole


def _header(line: bytes) -> tuple[bytes, bytes]:
    found = _HEADER.fullmatch(line)
    if found is None:
        raise httpx2.RemoteProtocolError(f"not a header: {line[:60]!r}")
    return found[1].lower(), found[2]


def _tokens(headers: Headers, name: bytes) -> list[bytes]:
    given = b",".join(value for key, value in headers if key == name)
    return [token for part in given.lower().split(b",") if (token := part.strip())] if given else []


def _length(headers: Headers) -> int | None:
    """The length that the headers tell; the same one several times is one."""
    told = set(_tokens(headers, b"content-length"))
    if not told:
        return None
    (length, *others) = told
    if others or not length.isdigit() or len(length) > 15:
        raise httpx2.RemoteProtocolError(f"not a content-length: {b', '.join(told)[:60]!r}")
    return int(length)


def _check_bound(data: bytes, at: int, limit_bytes: int) -> None:
    if len(data) - at > limit_bytes:
        raise httpx2.RemoteProtocolError(f"more than {limit_bytes:,} bytes without an end")
