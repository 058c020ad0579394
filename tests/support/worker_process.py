"""A worker in a process of its own, for tests that kill and freeze it.

    python -m tests.support.worker_process '{"url": …, "name": …, "effects": …}'

Says `ready` and works until its stdin ends. Every effect is a line in the file `effects`: tool, key. With `freeze_at`
it stops itself there once (SIGSTOP), until somebody lets it go on.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from core.db.engine import create_engine
from core.domain.tool import ToolResult
from core.engine.boundaries import with_boundaries
from tests.support.database_runs import working
from tests.support.engine import ADD, BOOK, SEND, PlannedModel, asks, call, says, spec

ROOT = Path(__file__).parents[2]
STORY = (asks(call("add", 0), call("book", 1), text="I begin."), asks(call("send", 2)), says("All done."))
SPEC = spec(ADD, BOOK, SEND)
"""Step 1 adds and books with a key; step 2 sends, which must not be repeated."""


class Settings(msgspec.Struct, kw_only=True):
    url: str
    name: str
    effects: str
    adopt: int = 0
    lease_s: float = 15.0
    pause_s: float = 0.0
    """Time that the model and each tool take."""
    freeze_at: str = ""


class SlowModel(PlannedModel):
    def __init__(self, pause_s: float) -> None:
        super().__init__(*STORY)
        self._pause_s = pause_s

    async def ask(self, request, on_delta):
        await asyncio.sleep(self._pause_s)
        return await super().ask(request, on_delta)


class Writing:
    """Tools whose effects outlive the process: one write, whole or not at all."""

    def __init__(self, settings: Settings) -> None:
        self._file = os.open(settings.effects, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._pause_s = settings.pause_s

    async def fault(self, tools, *, is_first):
        return None

    async def call(self, request):
        await asyncio.sleep(self._pause_s / 2)
        os.write(self._file, f"{request.tool.name} {request.key}\n".encode())
        await asyncio.sleep(self._pause_s / 2)
        return ToolResult(text=str(request.arguments["a"] + request.arguments["b"]))


def start(**given) -> subprocess.Popen:
    """Start one; it is ready when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, msgspec.json.encode(Settings(**given)).decode()],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def end(process: subprocess.Popen, *, kill: bool = False) -> None:
    """Let it leave in order, or kill it; gone when this returns."""
    if kill:
        process.kill()
    process.communicate(timeout=20)


def main() -> None:
    settings = msgspec.json.decode(sys.argv[1], type=Settings)

    frozen_at: list[str] = []

    def reached(boundary: str) -> None:
        if boundary == settings.freeze_at and not frozen_at:
            frozen_at.append(boundary)
            # To this thread: sent to the process, it may stop a moment later, when the next thing has begun.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    engine = create_engine(settings.url)
    with working(
        engine,
        SlowModel(settings.pause_s),
        Writing(settings),
        name=settings.name,
        adopt=settings.adopt,
        lease_s=settings.lease_s,
        around=lambda ports: with_boundaries(ports, reached),
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
