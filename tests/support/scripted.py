"""A scripted model endpoint over real sockets, strict in both directions.

    with ScriptedServer(calls(("calculator", '{"expression":"1+1"}')), text("It is ", "2.")) as server:
        ...  # point an endpoint at server.base_url
    assert server.requests[0].json["model"] == "scripted"

A request nobody planned is answered 500 and fails the `with`; so does an answer nobody asked for. Answers are
given in the order of arrival; `ScriptedServer(respond=function)` chooses by request instead, for runs at once.
`GET …/models` is answered from `models`, or with `listing`, and needs no plan.
"""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from tests.support.answers import (
    MODEL,
    Answer,
    calls,
    chunk,
    completion,
    drop,
    event,
    raw,
    stall,
    status,
    stream,
    text,
    usage_chunk,
)

__all__ = [
    "MODEL",
    "Answer",
    "Request",
    "ScriptedServer",
    "calls",
    "chunk",
    "completion",
    "drop",
    "event",
    "raw",
    "stall",
    "status",
    "stream",
    "text",
    "usage_chunk",
]


@dataclass
class Request:
    """One request as it came over the wire."""

    head: bytes
    """Request line and headers, byte for byte."""
    body: bytes
    connection: int
    """Counts the connections of the server from 0: equal means that one was reused."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the client closed the connection before the answer was complete."""
    answered: threading.Event = field(default_factory=threading.Event)

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @cached_property
    def header_list(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    @cached_property
    def headers(self) -> dict[str, str]:
        """By lower-case name; of doubled ones the last."""
        return dict(self.header_list)

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedServer:
    """Serves from threads of its own while the `with` lasts."""

    def __init__(
        self,
        *answers: Answer,
        respond: Callable[[Request], Answer] | None = None,
        models: Sequence[str] = (MODEL,),
        listing: Answer | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.unplanned: list[Request] = []
        self.model_lists: list[Request] = []
        """Requests for `GET …/models`, which need no plan."""
        self.models = models
        self.listing = listing
        self._planned = list(answers)
        self._respond = respond
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def connections(self) -> int:
        """How many connections were ever accepted."""
        return self._connections

    @property
    def leftover(self) -> int:
        return len(self._planned)

    def plan(self, *answers: Answer) -> None:
        """Add answers to the script while the server runs."""
        with self._lock:
            self._planned += answers

    def wait_for(self, count: int, timeout_s: float = 10.0) -> Request:
        """Block until so many requests have come; the newest of them. Raises `TimeoutError`."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")
            return self.requests[count - 1]

    def verify(self) -> None:
        """Fail unless exactly the planned requests came."""
        shown = [f"{request.method} {request.path} {request.body[:300]!r}" for request in self.unplanned]
        assert not shown, f"requests nobody planned: {shown}"
        assert not self._planned, f"{len(self._planned)} planned answers were never asked for"

    def start(self) -> Self:
        self._spawn(self._accept)
        return self

    def stop(self) -> None:
        with self._lock:
            self._stopping = True
            sockets = list(self._sockets)
        # Unlike close(), shutdown() wakes a thread that blocks in accept() or recv().
        for one in (self._listener, *sockets):
            _shut(one)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.stop()
        if kind is None:
            self.verify()

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if self._stopping:
                    connection.close()
                    return
                self._sockets.add(connection)
                number, self._connections = self._connections, self._connections + 1
            self._spawn(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.closing(connection), contextlib.suppress(OSError):
            while (request := _receive(connection, number)) and self._answer(connection, request):
                pass
        with self._lock:
            self._sockets.discard(connection)

    def _answer(self, connection: socket.socket, request: Request) -> bool:
        """Whether the connection may be used again."""
        answer = self._choose(request)
        try:
            return _Conversation(connection, request, answer, self).speak()
        except OSError:
            request.gone.set()
            raise
        finally:
            request.answered.set()

    def _choose(self, request: Request) -> Answer:
        if request.method == "GET" and request.path.endswith("/models"):
            self.model_lists.append(request)
            if self.listing is not None:
                return self.listing
            return status(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            if self._respond is None and self._planned:
                return self._planned.pop(0)
            if self._respond is None:
                self.unplanned.append(request)
                return status(500, {"error": {"message": "the script has no answer for this request"}})
        return self._respond(request)

    @property
    def stopping(self) -> bool:
        return self._stopping


@dataclass
class _Conversation:
    """One answer going out."""

    connection: socket.socket
    request: Request
    answer: Answer
    server: ScriptedServer

    def speak(self) -> bool:
        answer = self.answer
        self._wait(answer.hold_headers)
        if answer.verbatim:
            self.connection.sendall(answer.verbatim)
            return False
        if answer.status:
            self.connection.sendall(self._head())
        self._body()
        return self._end()

    def _head(self) -> bytes:
        answer = self.answer
        phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Scripted"
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
        match answer.framing:
            case "chunked":
                lines.append("transfer-encoding: chunked")
            case "length":
                lines.append(f"content-length: {sum(map(len, answer.pieces))}")
            case "close":
                lines.append("connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _body(self) -> None:
        last = len(self.answer.pieces) - 1
        for place, piece in enumerate(self.answer.pieces):
            if place == last:
                self._wait(self.answer.hold)
            if place and self.answer.delay_s:
                threading.Event().wait(self.answer.delay_s)
            framed = b"%x\r\n%b\r\n" % (len(piece), piece) if self.answer.framing == "chunked" else piece
            self.connection.sendall(framed)

    def _end(self) -> bool:
        match self.answer.ending:
            case "clean" if self.answer.framing == "chunked":
                self.connection.sendall(b"0\r\n\r\n")
                return True
            case "clean":
                return self.answer.framing == "length"
            case "cut":
                return False
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case "stall":
                self._until_gone()
                return False

    def _until_gone(self) -> None:
        with contextlib.suppress(OSError):
            while self.connection.recv(65536):
                pass
        if not self.server.stopping:
            self.request.gone.set()

    def _wait(self, gate: threading.Event | None) -> None:
        while gate is not None and not self.server.stopping and not gate.wait(0.02):
            pass


def _receive(connection: socket.socket, number: int) -> Request | None:
    """The next request of a connection, or None when the client is done."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head, b"", number)
    missing = int(request.headers.get("content-length", 0)) - len(body)
    parts = [body]
    while missing > 0:
        if not (more := connection.recv(min(missing, 1 << 20))):
            return None
        parts.append(more)
        missing -= len(more)
    return Request(head, b"".join(parts), number)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
