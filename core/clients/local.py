"""Local models: llama.cpp serves each file in a process of its own, reachable from this machine only."""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import httpx2
import msgspec

from core.errors import Fault, FaultError

CONTEXT_TOKENS: Final = 8_192
START_LIMIT_S: Final = 180.0
SLEEP_AFTER_S: Final = 900
_PROGRAM: Final = Path(__file__).with_name("llama_process.py")
_MAGIC: Final = b"GGUF"
_KEPT_LINES: Final = 40
_ERROR: Final = re.compile(r"[\d.]+ E (.+)")


class Serving(msgspec.Struct, frozen=True):
    """Where a model answers. `supports_tools`: without, llama.cpp silently leaves tools out of the prompt."""

    base_url: str
    key: str
    supports_tools: bool


class LocalModel:
    """One model file. The process starts on demand, sleeps after a quarter of an hour, ends with this one."""

    def __init__(self, path: Path, start_limit_s: float = START_LIMIT_S, context_tokens: int = CONTEXT_TOKENS) -> None:
        self.path = path
        self._start_limit_s = start_limit_s
        self._context_tokens = context_tokens
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._serving: Serving | None = None

    def start(self) -> Serving:
        """Where the model answers; loading it may take many seconds. Raises `FaultError` if it cannot be loaded."""
        with self._lock:
            if self._process is None or self._serving is None or not self._process.is_alive:
                self._serving = self._launch()
            return self._serving

    def stop(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.stop()
            self._process = self._serving = None

    def _launch(self) -> Serving:
        _check(self.path)
        key = secrets.token_urlsafe(24)
        self._process = process = _Process()
        try:
            address = process.begin(self._settings(key), self._start_limit_s)
            return Serving(f"{address}/v1", key, _supports_tools(address, key))
        except FaultError:
            process.stop()
            raise

    def _settings(self, key: str) -> dict[str, object]:
        return {
            "path": str(self.path),
            "alias": self.path.name,
            "key": key,
            "context_tokens": self._context_tokens,
            # With every core busy, threads that wait for each other made an answer three to six times slower.
            "threads": max(1, _cores() - 1),
            "parallel": 1,
            "sleep_after_s": SLEEP_AFTER_S,
        }


class LocalModels:
    """The model files (GGUF) of a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._models: dict[Path, LocalModel] = {}

    def names(self) -> tuple[str, ...]:
        """What can be served: file names within the folder, of a model in parts the first part."""
        found = (path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.gguf") if path.is_file())
        return tuple(sorted(name for name in found if _is_model(name)))

    def serving(self, name: str) -> Serving:
        """Start the model if need be. `name` is one of `names()`, or the absolute path of a file; empty: the only one.

        Raises `FaultError`.
        """
        path = self._path(name)
        with self._lock:
            model = self._models.setdefault(path, LocalModel(path))
        return model.start()

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            models = list(self._models.values())
        for model in models:
            model.stop()

    def _path(self, name: str) -> Path:
        if Path(name).is_absolute():
            return Path(name)
        names = self.names()
        if not name and len(names) == 1:
            return self._folder / names[0]
        if name in names:
            return self._folder / name
        there = f"There are: {', '.join(names)}." if names else f"Put a GGUF file into {self._folder}."
        raise FaultError(Fault("not_found", f"There is no local model {name!r}. {there}"))


class _Process:
    """The child: settings in, address out, everything else it says kept for error messages."""

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)
        self._address: Future[str] = Future()
        # -P: the folder of the program must not be searched for modules, its files have names like those of others.
        # A session of its own: Ctrl-C in the terminal is for the app, which then ends what it started.
        self._child = subprocess.Popen(  # noqa: S603 - this interpreter, a file of this project
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._listen, name="local-model", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self._child.poll() is None

    def begin(self, settings: dict[str, object], limit_s: float) -> str:
        """The address once the model is loaded. Raises `FaultError`."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(settings) + "\n")
            self._child.stdin.flush()
            return self._address.result(limit_s)
        except (BrokenPipeError, EOFError):
            code = self._child.wait()
            raise FaultError(Fault("server_error", f"The model server ended with {code}: {self._words()}")) from None
        except TimeoutError:
            raise FaultError(Fault("timeout", f"The model was not loaded within {limit_s:g} seconds.")) from None

    def stop(self) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.close()
            self._child.wait(5)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._child.kill()
            self._child.wait()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                if line.startswith('{"address"') and not self._address.done():
                    self._address.set_result(json.loads(line)["address"])
                elif line.strip():
                    self._said.append(line.strip())
        if not self._address.done():
            self._address.set_exception(EOFError())

    def _words(self) -> str:
        """What llama.cpp called an error, or else the last line."""
        errors = dict.fromkeys(match[1] for line in self._said if (match := _ERROR.match(line)))
        return " / ".join(errors)[:1_000] or (self._said[-1] if self._said else "without a word")


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise FaultError(Fault("not_found", f"The model file {path} cannot be read: {error.strerror}")) from None
    if start != _MAGIC:
        raise FaultError(Fault("bad_request", f"{path.name} is no GGUF file."))


def _supports_tools(address: str, key: str) -> bool:
    """Whether the model's chat template has a place for tools, as llama.cpp understands it."""
    try:
        # Without the environment: a proxy would be given the key.
        answer = httpx2.get(
            f"{address}/props", headers={"authorization": f"Bearer {key}"}, trust_env=False, timeout=30.0
        )
        return bool(answer.raise_for_status().json()["chat_template_caps"]["supports_tools"])
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
        raise FaultError(Fault("server_error", f"The local model server does not say what it can: {error}")) from None


def _is_model(name: str) -> bool:
    file = name.rpartition("/")[2]
    is_later_part = "-of-" in file and "-00001-of-" not in file
    return not is_later_part and not file.startswith("mmproj")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
