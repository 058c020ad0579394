"""Starts the process that reads one file, and waits for what it says."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from core.clients.documents.told import Asked, FileKind, Limits, Told

_ROOT: Final = str(Path(__file__).parents[3])
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from core.clients.documents.process import take; take()"


def read_file(kind: FileKind, content: bytes, limits: Limits) -> Told:
    """What the file says, or why it cannot be read. Whatever the file does, this ends after `limits.seconds`."""
    asked = msgspec.json.encode(Asked(kind, limits))
    command = [sys.executable, "-I", "-c", _START, _ROOT]
    try:
        done = subprocess.run(  # noqa: S603 (our own program)
            command, input=asked + b"\n" + content, capture_output=True, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Told(f"took longer than {limits.seconds} s to read")
    if done.returncode != 0:
        return Told("could not be read within the limits of time and memory")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Told)
