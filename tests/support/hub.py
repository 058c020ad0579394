"""A loopback server that speaks the Hugging Face hub's protocol for files, and breaks it as a test says.

    with Hub() as hub:
        model = hub.model(b"…")            # a catalogue entry whose file this hub has
        hub.plan(Breaks(after_bytes=1000))  # the next GET of the content
        download(model, folder, watch, stop, hub.url)
    assert hub.contents[1].headers["range"] == "bytes=1000-"

As there, `…/resolve/…` answers with a redirect to a storage on another host (127.0.0.1 and localhost here), and
carries commit, size and checksum of the file in headers of its own.
"""

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from core.domain.local_model import CatalogueModel

REPOSITORY = "tests/Tiny-GGUF"
REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Zeros:
    """As large as a real model, and made while it is sent."""

    size_bytes: int

    def __len__(self) -> int:
        return self.size_bytes

    def __getitem__(self, part: slice) -> "Zeros":
        return Zeros(len(range(self.size_bytes)[part]))

    def __bytes__(self) -> bytes:
        return bytes(self.size_bytes)


Content = bytes | Zeros


@dataclass(frozen=True)
class Breaks:
    """Content is sent up to `after_bytes` of this answer, then the connection ends."""

    after_bytes: int


@dataclass(frozen=True)
class Waits:
    """Content is sent up to `after_bytes` of this answer, then nothing until the event."""

    after_bytes: int
    until: threading.Event
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Refuses:
    status: int


@dataclass(frozen=True)
class IgnoresRange:
    """The whole file with status 200, whatever was asked for."""


@dataclass(frozen=True)
class WrongPart:
    """Status 206 with another beginning than the one that was asked for."""


@dataclass(frozen=True)
class Adds:
    """More than the file has."""

    content: bytes


Plan = Breaks | Waits | Refuses | IgnoresRange | WrongPart | Adds


@dataclass(frozen=True)
class Asked:
    method: str
    host: str
    path: str
    headers: dict[str, str]


class Hub:
    def __init__(self) -> None:
        self.files: dict[str, Content] = {}
        """Content by `repository/file`."""
        self.told_sha256: dict[str, str] = {}
        """What the hub says where it is not the truth."""
        self.revisions = {REVISION}
        self.is_hub = True
        self.asked: list[Asked] = []
        self._plans: list[Plan] = []
        self._lock = threading.Lock()
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def contents(self) -> list[Asked]:
        """Requests for content, in order."""
        return [asked for asked in self.asked if asked.path.startswith("/storage/")]

    def model(self, content: bytes, file: str = "tiny.gguf", **changes: object) -> CatalogueModel:
        """A catalogue entry for a file that this hub now has."""
        self.files[f"{REPOSITORY}/{file}"] = content
        facts: dict[str, object] = {
            "file": file,
            "title": "Tiny",
            "repository": REPOSITORY,
            "revision": REVISION,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "licence": "MIT",
            "memory_bytes": 1_000_000,
            "for_whom": "For tests.",
        }
        return CatalogueModel(**(facts | changes))

    def pretend(self, model: CatalogueModel) -> None:
        """Have a file of the real catalogue, as far as anybody can see before the last byte."""
        name = f"{model.repository}/{model.file}"
        self.files[name], self.told_sha256[name] = Zeros(model.size_bytes), model.sha256
        self.revisions.add(model.revision)

    def plan(self, *plans: Plan) -> None:
        """How the next answers with content go; after them all is well."""
        self._plans.extend(plans)

    def next_plan(self) -> Plan | None:
        with self._lock:
            return self._plans.pop(0) if self._plans else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.asked.append(Asked(self.command, headers["host"], self.path, headers))
        _, _, rest = self.path.partition("/storage/")
        if rest:
            self._content(self.hub.files[rest], headers.get("range", ""))
        else:
            self._resolve()

    def _resolve(self) -> None:
        repository, _, rest = self.path.strip("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        name = f"{repository}/{file}"
        content = self.hub.files.get(name)
        is_revision = revision in self.hub.revisions
        if content is None or not is_revision:
            known = any(key.startswith(f"{repository}/") for key in self.hub.files)
            code = "RepoNotFound" if not known else "EntryNotFound" if is_revision else "RevisionNotFound"
            self._head(401 if not known else 404, {"X-Error-Code": code, "X-Error-Message": "Not here"})
            return
        if not self.hub.is_hub:
            self._head(200, {"Content-Length": str(len(content))})
            return
        sha256 = self.hub.told_sha256.get(name) or hashlib.sha256(bytes(content)).hexdigest()
        self._head(
            302,
            {
                "Location": f"http://localhost:{self.hub.port}/storage/{name}",
                "X-Repo-Commit": revision,
                "X-Linked-Size": str(len(content)),
                "X-Linked-ETag": f'"{sha256}"',
                "X-Xet-Hash": "0" * 64,
                "Link": f'<http://localhost:{self.hub.port}/xet>; rel="xet-auth"',
                "ETag": '"another"',
            },
        )

    def _content(self, content: Content, wanted: str) -> None:
        plan = self.hub.next_plan()
        start = int(wanted.removeprefix("bytes=").removesuffix("-") or 0)
        match plan:
            case Refuses(status):
                self._head(status, {})
                return
            case IgnoresRange():
                start, wanted = 0, ""
            case WrongPart():
                start = 0
            case Adds(more):
                content = bytes(content) + more
        part = content[start:]
        headers = {"Content-Length": str(len(part)), "ETag": '"e"', "Accept-Ranges": "bytes"}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._head(206 if wanted else 200, headers)
        self._send(part, plan)

    def _send(self, part: Content, plan: Plan | None) -> None:
        try:
            match plan:
                case Breaks(after):
                    self.wfile.write(bytes(part[:after]))
                    self.close_connection = True
                case Waits(after, until, reached):
                    self.wfile.write(bytes(part[:after]))
                    reached.set()
                    until.wait(60)
                    self.wfile.write(bytes(part[after:]))
                case _:
                    self.wfile.write(bytes(part))
        except OSError:
            self.close_connection = True  # the client went away

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
