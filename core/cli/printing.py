"""How a command speaks: JSON for programs on stdout, sentences and tables for people."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TextIO

import msgspec

_INVISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""What models and tools write must not steer a terminal."""
_LINE_ENDS = {char.encode(): f"\\u{ord(char):04x}".encode() for char in "\x85\u2028\u2029"}
"""Legal inside of JSON, and the end of a line for whoever splits the output by Unicode's rules, as Python does."""


def print_json(value: Any, *, pretty: bool = True) -> None:
    """One document, or with `pretty` off one line of many, at once on stdout."""
    text = _on_one_line(msgspec.json.encode(value))
    sys.stdout.buffer.write((msgspec.json.format(text, indent=2) if pretty else text) + b"\n")
    sys.stdout.buffer.flush()


def print_json_pieces(pieces: Iterable[bytes]) -> None:
    """One document that is too large to stand in memory as a whole."""
    for piece in pieces:
        sys.stdout.buffer.write(_on_one_line(piece))
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()


def _on_one_line(text: bytes) -> bytes:
    for char, escaped in _LINE_ENDS.items():
        text = text.replace(char, escaped)
    return text


def write(text: str, stream: TextIO) -> None:
    """Text from outside, at once, without control characters where a terminal would obey them."""
    stream.write(text.translate(_INVISIBLE) if stream.isatty() else text)
    stream.flush()


def print_line(text: str = "", stream: TextIO | None = None) -> None:
    write(text + "\n", stream or sys.stdout)


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell; every cell is one line."""
    cells = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    for row in cells:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def shortened(text: str, limit: int = 60) -> str:
    """The beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def moment(at: datetime | None) -> str:
    """An instant in the time of this machine."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, datetime):
        return moment(value)
    return " ".join(str(value).split())
