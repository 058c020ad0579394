"""Reads the body of an answer into an assembler, and knows when it is over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from core.clients.chat import faults, lenient, words
from core.clients.chat.assemble import Assembler
from core.clients.chat.chunks import DONE
from core.clients.chat.sse import ServerEvent, Splitter
from core.clients.chat.transport import Wire
from core.domain.canonical import Json
from core.domain.model_call import Delta
from core.errors import Fault, FaultError

LIMIT_BYTES: Final = 64 * 1024 * 1024
_AFTERWORD_S: Final = 5.0
"""How long to wait, once the answer is complete, for token counts and `[DONE]`."""
_DRAIN_S: Final = 0.1
"""How long to wait after `[DONE]` for the end of the body: read to it, the connection can be used again."""
_EVENT_STARTS: Final = (b"data:", b"event:", b"error:", b"id:", b":")
_TELLING_BYTES: Final = 16
"""So much of a body tells whether it is a stream."""
_BOM: Final = b"\xef\xbb\xbf"


class Reading:
    """One answer while it comes. `limit` is the running time limit; it is drawn in when nothing important follows."""

    def __init__(
        self, assembler: Assembler, on_delta: Callable[[Delta], None], wire: Wire, limit: asyncio.Timeout
    ) -> None:
        self._assembler = assembler
        self._on_delta = on_delta
        self._wire = wire
        self._limit, self._latest = limit, limit.when()
        self._size = 0
        self._has_events = False

    async def read(self, pieces: AsyncIterator[bytes]) -> None:
        """Take the whole body. Raises `FaultError`."""
        if self._media_type() == "text/event-stream":
            await self._read_stream(pieces)
            return
        head = await self._head(pieces)
        if _begins_stream(head):  # under another name
            await self._read_stream(_joined(head, pieces))
            return
        document = []
        async for piece in _joined(head, pieces):
            document.append(self._within_limit(piece))
            self._check_size()
        self._read_document(b"".join(document))

    async def _head(self, pieces: AsyncIterator[bytes]) -> bytes:
        """The beginning of a body, without blanks before it."""
        head = b""
        async for piece in pieces:
            head = (head + self._within_limit(piece)).lstrip()
            self._check_size()
            if len(head) >= _TELLING_BYTES:
                break
        self._size = 0
        return head

    async def _read_stream(self, pieces: AsyncIterator[bytes]) -> None:
        splitter = Splitter()
        head: list[bytes] = []
        async for piece in pieces:
            self._take(splitter.feed(self._within_limit(piece)))
            if self._assembler.fault:
                return
            self._check_size()
            if not self._has_events:
                head.append(piece)
        self._finish(splitter)
        if not self._has_events:
            self._read_document(b"".join(head))  # an error page under the name of an event stream

    def _read_document(self, body: bytes) -> None:
        start = body.lstrip()
        if _begins_stream(start):  # without a single event
            splitter = Splitter(LIMIT_BYTES)
            self._take(splitter.feed(start))
            self._finish(splitter)
            return
        if not start:
            raise FaultError(Fault("empty_response", f"The server answered {self._wire.status} with an empty body."))
        try:
            document = lenient.parse(body)
        except ValueError:
            if chunks := _chunks_by_line(body):
                self._assembler.take_lines(chunks)
                self._show()
                return
            raise FaultError(Fault("stream_malformed", self._unreadable(body))) from None
        self._assembler.take_whole(document)
        if (fault := self._assembler.fault) and fault.kind == "stream_error":
            self._assembler.fault = faults.of_document(fault)
        self._show()

    def _take(self, events: Sequence[ServerEvent]) -> None:
        assembler = self._assembler
        for event in events:
            self._has_events = True
            if assembler.is_done or assembler.fault:
                return
            assembler.take(event)
        self._show()
        if events and assembler.is_complete:
            self._draw_in(_DRAIN_S if assembler.is_done else _AFTERWORD_S)

    def _finish(self, splitter: Splitter) -> None:
        if last := splitter.flush():
            self._has_events = True
            self._assembler.take_unfinished(last)
            self._show()

    def _show(self) -> None:
        if self._wire.first_token_ms is None and self._assembler.has_content:
            self._wire.first_token_ms = self._wire.elapsed_ms()
        if delta := self._assembler.take_delta():
            self._time(delta)
            self._on_delta(delta)

    def _time(self, delta: Delta) -> None:
        wire = self._wire
        if delta.text and wire.answering_ms is None:
            wire.answering_ms = wire.elapsed_ms()
        elif delta.reasoning and wire.thinking_ms is None and wire.answering_ms is None:
            wire.thinking_ms = wire.elapsed_ms()

    def _draw_in(self, wait_s: float) -> None:
        # Counted anew after every event: some servers give a reason with each, and the answer goes on.
        deadline = asyncio.get_running_loop().time() + wait_s
        if not self._limit.expired():
            self._limit.reschedule(deadline if self._latest is None else min(deadline, self._latest))

    def _within_limit(self, piece: bytes) -> bytes:
        """As much of the piece as there is room for: what came before the limit is shown."""
        room = max(0, LIMIT_BYTES - self._size)
        self._size += len(piece)
        return piece if len(piece) <= room else piece[:room]

    def _check_size(self) -> None:
        if self._size > LIMIT_BYTES:
            raise FaultError(Fault("size_limit", f"The answer is larger than {LIMIT_BYTES:,} bytes."))

    def _media_type(self) -> str:
        return self._wire.headers.get("content-type", "").partition(";")[0].strip().lower()

    def _unreadable(self, body: bytes) -> str:
        kind = words.bounded(self._media_type(), 100) or "of no stated kind"
        return f"The answer is no chat completion but {kind}: {words.of_page(body.decode('utf-8', 'replace'))}"


def _chunks_by_line(body: bytes) -> list[Json]:
    """The chunks of a stream that came without the frame of events, or nothing when that is no such thing."""
    try:
        chunks = [lenient.parse(line) for line in body.splitlines() if line.strip() and line.strip() not in DONE]
    except ValueError:
        return []
    return chunks if all(isinstance(chunk, dict) and "choices" in chunk for chunk in chunks) else []


def _begins_stream(head: bytes) -> bool:
    return head.removeprefix(_BOM).startswith(_EVENT_STARTS)


async def _joined(head: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if head:
        yield head
    async for piece in pieces:
        yield piece
