"""Server-sent events from bytes, by the line rules of the WHATWG standard.

A line ends at CR, LF or CR LF and nowhere else: U+2028 inside a JSON string is text.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from typing import NamedTuple

from core.clients.chat import lenient
from core.errors import Fault, FaultError

EVENT_LIMIT_BYTES = 16 * 1024 * 1024
STRAY = b"{stray}"
"""The name of an event made of JSON without a field name: how some proxies say that all is lost."""
_BOM = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    data: bytes
    name: bytes = b""


class Splitter:
    """Takes the bytes as they come, in pieces cut anywhere, and gives back whole events."""

    __slots__ = ("_after_cr", "_at_start", "_data", "_has_events", "_limit", "_name", "_partial", "_size", "_stray")

    def __init__(self, limit_bytes: int = EVENT_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._at_start = True
        self._after_cr = False
        self._partial: list[bytes] = []
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0
        self._has_events = False
        self._stray: list[bytes] = []

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """The events that this piece completes. Raises `FaultError` (size_limit) for an endless one."""
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")  # the second half of a CR LF that was cut in two
            self._after_cr = False
        if not piece:
            return []
        self._after_cr = piece.endswith(b"\r")
        self._size += len(piece)
        events = [event for line in self._lines(piece) if (event := self._take(line))]
        if self._size > self._limit:
            raise FaultError(Fault("size_limit", f"One event of the stream is larger than {self._limit:,} bytes."))
        return events

    def flush(self) -> ServerEvent | None:
        """What stands unfinished at the end of the stream. The standard discards it; some servers mean it."""
        last = self._take(self._whole(b"")) if self._partial else None
        return last or self._dispatch()

    def _lines(self, piece: bytes) -> list[bytes]:
        # bytes.splitlines(), unlike str.splitlines(), knows exactly the three line ends of the standard.
        lines = piece.splitlines()
        open_ended = not piece.endswith((b"\n", b"\r"))
        if open_ended:
            rest = lines.pop()
            if not lines:
                self._partial.append(rest)
                return lines
        if self._partial or self._at_start:
            lines[0] = self._whole(lines[0])
        if open_ended:
            self._partial = [rest]
        return lines

    def _whole(self, end: bytes) -> bytes:
        line = b"".join((*self._partial, end))
        self._partial = []
        if self._at_start:
            self._at_start = False
            return line.removeprefix(_BOM)
        return line

    def _take(self, line: bytes) -> ServerEvent | None:
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
        elif not line:
            return self._dispatch()
        elif line.startswith(b"event:"):
            self._name = line[6:].removeprefix(b" ")
        elif line == b"data":
            self._data.append(b"")
        elif line.startswith(b"error:"):  # llama.cpp has a field of its own for that until late 2025
            return ServerEvent(line[6:], b"error")
        elif line.startswith((b" ", b"\t", _BOM)) and line.lstrip(b" \t\xef\xbb\xbf").startswith(b"data:"):
            return self._take(line.lstrip(b" \t\xef\xbb\xbf"))  # indented, or each event with a mark of its own
        elif self._stray or (self._has_events and line.startswith((b"{", b"["))):
            return self._gather(line)
        return None  # a comment, an id, a retry time, or a field that nobody defined

    def _gather(self, line: bytes) -> ServerEvent | None:
        """Lines of JSON without a field name, until they are whole: some servers set their errors in many lines."""
        self._stray.append(line)
        text = b"\n".join(self._stray)
        if not text.rstrip().endswith((b"}", b"]")) or not _is_json(text):
            return None
        self._stray = []
        return ServerEvent(text, STRAY)

    def _dispatch(self) -> ServerEvent | None:
        data, name = self._data, self._name
        self._data, self._name, self._size, self._stray = [], b"", 0, []
        if not data:
            return None
        self._has_events = True
        return ServerEvent(data[0] if len(data) == 1 else b"\n".join(data), name)


def _is_json(text: bytes) -> bool:
    try:
        lenient.parse(text)
    except ValueError:
        return False
    return True
