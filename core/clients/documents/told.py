"""What goes to the process that reads a file, and what comes back from it."""

from typing import Literal

import msgspec

from core.domain.passages import Reading

FileKind = Literal["pdf", "docx", "html"]


class Limits(msgspec.Struct, frozen=True):
    """`chars`: a longer text ends somewhere behind them."""

    chars: int
    pages: int
    seconds: int


class Asked(msgspec.Struct, frozen=True):
    """The first line that the process reads; the file follows."""

    kind: FileKind
    limits: Limits


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """`problem` goes on after the file's name; empty: it was read. Of a PDF each block is a page."""

    problem: str = ""
    pages: int = 0
    reading: Reading = Reading(())


class UnreadableError(Exception):
    """Why a file cannot be read; goes on after its name."""
