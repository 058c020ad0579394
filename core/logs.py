"""Logging of the process: sentences on stderr for whoever watches, JSON lines in a file for whoever looks later.

Processes of one home share the file. It is closed at a size and kept under a number, by whichever process comes to it
first; a lock between them keeps lines whole and in one file. Secrets that this process came to know never stand in it.
"""

import logging
import os
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

import msgspec
from filelock import FileLock

FOLDER = "logs"
FILE_NAME = "aryabhatta.log"
FILE_BYTES = 10_000_000
KEPT_FILES = 5
"""Beside the one that is written: so the logs of a home take at most 60 MB."""
_FORMAT = "%(asctime)s %(levelname)-5s %(name)s %(message)s"
_OURS = ("core", "pages")
_TOO = "asyncio"
"""It says what a task died of that nobody waits for."""
_LOCK_LIMIT_S = 2.0
_HIDDEN = "[secret]"

RUN: ContextVar[str] = ContextVar("run", default="")
"""The id of the run that the work at hand belongs to; tasks and threads begun by it inherit it."""

_hidden: list[str] = []
"""The longest first: one may be a part of another."""


class LogLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the file."""

    at: datetime
    level: str
    """debug, info, warning, error or critical."""
    logger: str
    message: str
    run: str = ""
    process: str = ""
    """What kind of process wrote it: app, worker or command."""
    pid: int = 0
    error: str = ""
    """Where an exception came from."""


def hide(spellings: Iterable[str]) -> None:
    """Never write these texts, from now on and in this process."""
    if new := set(spellings) - set(_hidden):
        _hidden[:] = sorted(new.union(_hidden), key=len, reverse=True)


def configure(level: str = "info", *, aloud: str = "", home: Path | None = None, process: str = "app") -> None:
    """Write this project's lines of `level` and above, to stderr those of `aloud` and above (default: `level`).

    Without a `home` to stderr alone. Libraries' lines are left to them, but for what ends a task unseen.
    """
    handlers: list[logging.Handler] = [_stderr(aloud or level)]
    if home is not None:
        handlers.append(_SharedFile(home / FOLDER / FILE_NAME, process))
    for name in (*_OURS, _TOO):
        logger = logging.getLogger(name)
        for old in logger.handlers:
            old.close()
        logger.handlers[:] = handlers
        logger.propagate = False
        logger.setLevel("WARNING" if name == _TOO else level.upper())


def _stderr(level: str) -> "logging.StreamHandler[TextIO]":
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Sentences(_FORMAT))
    handler.setLevel(level.upper())
    return handler


class _Sentences(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _veiled(super().format(record))


class _Lines(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = LogLine(
            at=datetime.fromtimestamp(record.created, UTC),
            level=record.levelname.lower(),
            logger=record.name,
            message=_veiled(record.getMessage()),
            run=RUN.get(),
            process=self._process,
            pid=record.process or 0,
            error=_veiled(self.formatException(record.exc_info)) if record.exc_info else "",
        )
        return msgspec.json.encode(line).decode()


class _SharedFile(RotatingFileHandler):
    """Written by several processes: whoever writes looks first whether another one began a new file."""

    def __init__(self, path: Path, process: str) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)
        self._path = path
        self._turn = FileLock(path.with_suffix(".lock"), timeout=_LOCK_LIMIT_S)
        self.setFormatter(_Lines(process))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._turn:
                self._follow()
                super().emit(record)
        except OSError:
            self.handleError(record)

    def _follow(self) -> None:
        """Let go of a file that was renamed or deleted; the next write opens the one in its place."""
        if self.stream is not None and not _is_there(self.stream, self._path):
            self.stream.close()
            self.stream = None


def _is_there(stream: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _veiled(text: str) -> str:
    for secret in _hidden:
        text = text.replace(secret, _HIDDEN)
    return text
