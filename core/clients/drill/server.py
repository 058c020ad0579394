"""The drill's server, on a free port of this machine: it answers as model and as tools, and it counts.

What it counts is the truth of a drill: the journal says what was meant to happen, this says what did.
"""

import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from core.clients.drill.story import BOOK, ORDER, SEND, step_of, told
from core.domain.canonical import Json

KEY_HEADER: Final = "Idempotency-Key"
_SIBLING_S: Final = 0.03
"""The call beside it in the same step ends first, so that the boundaries of a run come in one order."""
_HOLD_LIMIT_S: Final = 30.0
_QUIET_LIMIT_S: Final = 10.0


class _Ask(msgspec.Struct):
    messages: list[dict[str, Json]]


class DrillServer:
    """Serves from threads of its own between `start` and `stop`; one run at a time."""

    def __init__(self) -> None:
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.drill = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="drill", daemon=True)
        self._lock = threading.Lock()
        self._held_tool = ""
        self._release = threading.Event()
        self.held = threading.Event()
        """Set when a call of the held tool has done its effect and not been answered."""
        self.requests: Counter[str] = Counter()
        """How often each effect was asked for: a model's step (`1.m`) or a tool, by name."""
        self.done: Counter[str] = Counter()
        """How often each tool's effect really happened; one key's effect happens once where the tool looks at keys."""
        self._keys: set[str] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._release.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def begin(self, hold: str = "") -> None:
        """Forget the counts. With `hold`, calls of this tool are executed and then left without an answer."""
        with self._lock:
            self.requests, self.done, self._keys = Counter(), Counter(), set()
            self._held_tool = hold
            self._release = threading.Event()
            self.held.clear()

    def quiet(self) -> None:
        """Return when everything that a dead client sent has been dealt with; nothing is held any more.

        Connections are accepted in their order: once ours is served, those before it have at least begun.
        """
        self._held_tool = ""
        self._release.set()
        with closing(socket.create_connection(("127.0.0.1", self._http.server_port), _QUIET_LIMIT_S)) as ours:
            ours.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while ours.recv(1024):
                pass
        self._http.wait_until_idle(_QUIET_LIMIT_S)

    def asked(self, messages: list[dict[str, Json]]) -> None:
        with self._lock:
            self.requests[f"{step_of(messages)}.m"] += 1

    def act(self, tool: str, key: str) -> int:
        """Do a tool's effect and count it, unless its key was seen before; how often it happened by now."""
        if tool == SEND:
            threading.Event().wait(_SIBLING_S)
        with self._lock:
            self.requests[tool] += 1
            if tool == ORDER or not key or key not in self._keys:
                self.done[tool] += 1
            self._keys.add(key)
            happened, release, is_held = self.done[tool], self._release, tool == self._held_tool
        if is_held:
            self.held.set()
            release.wait(_HOLD_LIMIT_S)
        return happened

    def happened(self, key: str) -> bool:
        """Whether a call with this key had its effect: the status check of a tool that has one."""
        with self._lock:
            return key in self._keys


class _Http(ThreadingHTTPServer):
    """Knows how many connections are being served."""

    daemon_threads = True
    drill: DrillServer

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._busy = 0
        self._idle = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._idle:
            self._busy += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def wait_until_idle(self, timeout_s: float) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, timeout_s)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request a connection, so that nothing of a killed client waits in a kept one."""

    server: _Http

    def do_GET(self) -> None:
        place, _, key = self.path.lstrip("/").partition("/")
        if place == ORDER:
            happened = self.server.drill.happened(unquote(key))
            self._answer(
                "application/json", [msgspec.json.encode({"done": 1})] if happened else [], 200 if happened else 404
            )
        else:
            self._answer("text/plain", [b"ready"])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        place = self.path.rpartition("/")[2]
        if place in {SEND, BOOK, ORDER}:
            happened = self.server.drill.act(place, self.headers.get(KEY_HEADER, ""))
            self._answer("application/json", [msgspec.json.encode({"done": happened})])
        else:
            messages = msgspec.json.decode(body, type=_Ask).messages
            self.server.drill.asked(messages)
            self._answer("text/event-stream", told(messages))

    def _answer(self, media_type: str, pieces: Iterable[bytes], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def log_message(self, *_: Any) -> None:
        """Nothing: stderr belongs to the command."""
