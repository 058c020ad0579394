"""The processes of a drill: workers that execute what they are told, and die where they are told."""

import os
import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import msgspec

import core
from core.errors import Unavailable
from core.settings import Settings

_COMMAND: Final = (sys.executable, "-m", "core.cli.drill_worker")
_ROOT: Final = Path(core.__file__).parents[1]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Drive a run to its rest. `is_ours`: it is claimed for this worker already. `die_at`: the boundary to die at."""

    run_id: UUID
    is_ours: bool = False
    die_at: str = ""


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's first word: the name under which it claims."""

    owner: str


class Rested(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's answer to an order that it survived, with the boundaries that the run crossed."""

    status: str
    boundaries: tuple[str, ...]


class DrillWorker:
    """One process. It gets ready by itself while others work."""

    def __init__(self, settings: Settings) -> None:
        given = {"ARYABHATTA_HOME": str(settings.home), "DB_CONNECTION_STRING": settings.database_url}
        self._process = subprocess.Popen(  # noqa: S603 (this interpreter, a module of this project)
            _COMMAND,
            cwd=_ROOT,
            env=os.environ | {name: value for name, value in given.items() if value},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the command; a worker leaves when its stdin ends
        )
        self._owner = ""

    @property
    def owner(self) -> str:
        """The name under which it claims; waits until it is ready. Raises `Unavailable`."""
        if not self._owner:
            line = self._hear()
            if not line:
                raise Unavailable(f"A worker of the drill did not start (exit code {self._process.wait()}).")
            self._owner = msgspec.json.decode(line, type=Greeting).owner
        return self._owner

    def begin(self, order: Order) -> None:
        """Tell it what to do. Raises `Unavailable` when it does not start."""
        assert self.owner
        assert self._process.stdin
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()

    def rested(self) -> Rested | None:
        """Wait for the run's rest; None: it was killed on the way."""
        line = self._hear()
        if line:
            return msgspec.json.decode(line, type=Rested)
        self._process.wait()
        return None

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let it leave in order, if it lives."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _hear(self) -> bytes:
        assert self._process.stdout
        return self._process.stdout.readline()


class DrillWorkers:
    """One worker at hand and one in the making: to start a process takes longer than what it does."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready: deque[DrillWorker] = deque()

    def take(self) -> DrillWorker:
        """The worker that waits longest; a fresh one begins to get ready."""
        while len(self._ready) < 2:
            self._ready.append(DrillWorker(self._settings))
        return self._ready.popleft()

    def give_back(self, worker: DrillWorker) -> None:
        """A worker that survived is the next to be taken."""
        self._ready.appendleft(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._ready:
            worker.close()
