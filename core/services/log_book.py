"""What the processes of this home wrote to their log, newest lines first. Only the end of the files is read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import msgspec

from core.logs import FILE_NAME, FOLDER, KEPT_FILES, LogLine

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)
READ_BYTES = 2_000_000
"""How much of the files' end is looked through."""
_PIECE_BYTES = 64_000
_DECODER = msgspec.json.Decoder(LogLine)


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    level: Level = "info"
    """This one and graver ones."""
    search: str = ""
    """Text that stands anywhere in a line; case does not matter."""
    run: str = ""
    """The id of a run, or its beginning."""


class LogTail(msgspec.Struct, frozen=True, kw_only=True):
    lines: tuple[LogLine, ...]
    is_all: bool
    """False: there are older lines that were not looked at."""


class LogBook:
    """Reads the files of one home; thread-safe."""

    def __init__(self, home: Path) -> None:
        self.path = home / FOLDER / FILE_NAME

    def tail(self, wanted: LogFilter, limit: int = 200) -> LogTail:
        """The newest lines that are wanted. Lines that are none of ours are passed over."""
        found: list[LogLine] = []
        left_bytes = READ_BYTES
        for path in self.files():
            for raw in _backwards(path):
                left_bytes -= len(raw)
                if left_bytes < 0 or len(found) >= limit:
                    return LogTail(lines=tuple(found), is_all=False)
                line = _decoded(raw)
                if line is not None and _is_wanted(line, wanted, raw):
                    found.append(line)
        return LogTail(lines=tuple(found), is_all=True)

    def files(self) -> list[Path]:
        """The files that there are, newest first."""
        older = (self.path.with_name(f"{FILE_NAME}.{number}") for number in range(1, KEPT_FILES + 1))
        return [path for path in (self.path, *older) if path.is_file()]

    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files())


def _backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file from its end, read in pieces. A file that vanishes meanwhile has no lines."""
    try:
        with path.open("rb") as file:
            place, rest = file.seek(0, os.SEEK_END), b""
            while place > 0:
                step = min(_PIECE_BYTES, place)
                place -= step
                file.seek(place)
                rest, *lines = (file.read(step) + rest).split(b"\n")
                yield from reversed(lines)
            yield rest
    except FileNotFoundError:
        return


def _decoded(raw: bytes) -> LogLine | None:
    try:
        return _DECODER.decode(raw) if raw else None
    except msgspec.MsgspecError:
        return None


def _is_wanted(line: LogLine, wanted: LogFilter, raw: bytes) -> bool:
    if _grade(line.level) < LEVELS.index(wanted.level):
        return False
    if wanted.run and not line.run.startswith(wanted.run) and wanted.run not in line.message:
        return False
    return wanted.search.casefold() in raw.decode(errors="replace").casefold() or _stands_in(line, wanted.search)


def _stands_in(line: LogLine, search: str) -> bool:
    """What JSON writes otherwise than a person, such as a quote."""
    return search.casefold() in f"{line.message}\n{line.error}".casefold()


def _grade(level: str) -> int:
    """Critical is an error; a level of another library counts as info."""
    if level == "critical":
        return LEVELS.index("error")
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("info")
