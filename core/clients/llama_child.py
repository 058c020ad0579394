"""The process that serves one model file, seen from the one that started it."""

import importlib.util
import json
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import psutil

from core.errors import Fault, FaultError

PROGRAM: Final = Path(__file__).with_name("llama_process.py")
_RUNTIME: Final = "xllamacpp"
_KEPT_LINES: Final = 40
_ERROR: Final = re.compile(r"[\d.]+ E (.+)")
# How Linux, macOS and Windows report an instruction that the processor does not have.
_ILLEGAL_INSTRUCTION: Final = frozenset({-int(signal.SIGILL), 0xC000001D})


def missing_runtime() -> str:
    """Why no local model can be served here, as a sentence; empty: it can."""
    if importlib.util.find_spec(_RUNTIME) is not None:
        return ""
    return (
        f"Local models are served by llama.cpp from the Python package {_RUNTIME}, which is not installed here. "
        f"Install it with: pip install {_RUNTIME}. It is made for 64-bit Linux, macOS 13 or newer, and Windows."
    )


class LlamaChild:
    """Settings in, address out, everything else it says kept for error messages."""

    def __init__(self, program: Path) -> None:
        """Raises `FaultError` where llama.cpp is missing."""
        if missing := missing_runtime():
            raise FaultError(Fault("unsupported", missing))
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)
        self._address: Future[str] = Future()
        # -P: the folder of the program must not be searched for modules, its files have names like those of others.
        # A session of its own: Ctrl-C in the terminal is for the app, which then ends what it started.
        self._child = subprocess.Popen(  # noqa: S603 - this interpreter, a file of this project
            [sys.executable, "-P", str(program)],
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

    def memory_bytes(self) -> int:
        """What it takes now; 0 when it has ended."""
        try:
            return int(psutil.Process(self._child.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def begin(self, settings: dict[str, object], limit_s: float) -> str:
        """The address once the model is loaded. Raises `FaultError`."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(settings) + "\n")
            self._child.stdin.flush()
            return self._address.result(limit_s)
        except (BrokenPipeError, EOFError):
            raise FaultError(Fault("server_error", self._ending(self._child.wait()))) from None
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

    def _ending(self, code: int) -> str:
        if code in _ILLEGAL_INSTRUCTION:
            return "This computer's processor is too old for llama.cpp as it comes with xllamacpp: it needs AVX2."
        return f"The model server ended with {code}: {self._words()}"

    def _words(self) -> str:
        """What llama.cpp called an error, or else the last line."""
        errors = dict.fromkeys(match[1] for line in self._said if (match := _ERROR.match(line)))
        return " / ".join(errors)[:1_000] or (self._said[-1] if self._said else "without a word")
