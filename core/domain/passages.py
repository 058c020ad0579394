"""A document's text, cut into passages of bounded size. The same text always gives the same passages."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

import msgspec

from core.domain.knowledge import Place, Unit

PASSAGE_CHARS = 1_600
"""Of one passage at most, what it repeats included: about 400 tokens."""
OVERLAP_CHARS = 200
"""Repeated at most of the passage before, so that a sentence across the cut is found."""
_PIECE_CHARS = PASSAGE_CHARS - OVERLAP_CHARS - 2
_HEADING_CHARS = 120
_ENDS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|(?<=[。！？])"),
    re.compile(r"\n"),
    re.compile(r"\s+"),
)
"""Where a long text is cut: best after a paragraph, then after a sentence, a line, a word."""


class Block(msgspec.Struct, frozen=True):
    """A paragraph, a heading (`level` 1 to 6) or a row; `at` counts the document's unit, 0: it has no number."""

    text: str
    level: int = 0
    at: int = 0


class Reading(msgspec.Struct, frozen=True):
    """What a file says, in its order."""

    blocks: tuple[Block, ...]
    unit: Unit = ""


class Passage(msgspec.Struct, frozen=True):
    """`overlap`: how many characters at the beginning repeat the passage before."""

    text: str
    place: Place
    overlap: int = 0


def passages(reading: Reading) -> Iterator[Passage]:
    """Every text of the blocks, once and in order beside what is repeated. A heading begins a new passage."""
    packer = _Packer(reading.unit)
    for block in reading.blocks:
        for number, piece in enumerate(pieces(block.text)):
            yield from packer.take(_Part(piece, block.level if not number else 0, block.at, number > 0))
    yield from packer.rest()


def named(document_id: UUID, texts: Iterable[str]) -> Iterator[UUID]:
    """An id for each passage that stays with its words: it outlives edits elsewhere in the document."""
    seen: dict[str, int] = {}
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        yield uuid5(document_id, f"{seen[text]}\n{text}")


def pieces(text: str, most: int = _PIECE_CHARS) -> Iterator[str]:
    """A text in parts of at most `most` characters; what is left out between them is white space."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    while end - start > most:
        window = text[start : start + most]
        cut = start + _cut(window)
        yield text[start:cut].rstrip()
        start = _after_space(text, cut)
    if start < end:
        yield text[start:end]


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _cut(window: str) -> int:
    """Where to end a part: as above, but never before half of it."""
    for pattern in _ENDS:
        ends = [found.end() for found in pattern.finditer(window) if found.end() > len(window) // 2]
        if ends:
            return ends[-1]
    return len(window)


class _Part(NamedTuple):
    """A block or a piece of one; `goes_on`: within a paragraph that is too long for one passage."""

    text: str
    level: int
    at: int
    goes_on: bool


class _Packer:
    """Fills one passage after the other."""

    def __init__(self, unit: Unit) -> None:
        self._unit: Unit = unit
        self._joint = "\n" if unit == "row" else "\n\n"
        self._headings: dict[int, str] = {}
        self._parts: list[_Part] = []
        self._overlap = ""

    def take(self, piece: _Part) -> Iterator[Passage]:
        begins_section = bool(piece.level) and any(not part.level for part in self._parts)
        if begins_section or not self._fits(piece.text):
            yield from self.rest(overlaps=not begins_section)
        if piece.level:
            self._enter(piece)
        self._parts.append(piece)

    def rest(self, *, overlaps: bool = False) -> Iterator[Passage]:
        """The passage that is being filled, if there is one."""
        if not self._parts:
            return
        first, *others = self._parts
        own = first.text + "".join(f"{self._before(part)}{part.text}" for part in others)
        before = f"{self._overlap}{self._before(first)}" if self._overlap else ""
        yield Passage(before + own, self._place(), len(before))
        self._overlap = _tail(own) if overlaps and self._unit != "row" else ""
        self._parts = []

    def _before(self, part: _Part) -> str:
        return " " if part.goes_on else self._joint

    def _fits(self, text: str) -> bool:
        joints = len(self._joint) * (len(self._parts) + bool(self._overlap))
        chars = len(self._overlap) + sum(len(part.text) for part in self._parts) + len(text) + joints
        return chars <= PASSAGE_CHARS

    def _enter(self, heading: _Part) -> None:
        above = {level: text for level, text in self._headings.items() if level < heading.level}
        self._headings = {**above, heading.level: " ".join(heading.text.split())[:_HEADING_CHARS]}

    def _place(self) -> Place:
        places: Sequence[int] = [part.at for part in self._parts if part.at]
        headings = tuple(self._headings.values())
        return Place(headings, self._unit, min(places), max(places)) if places else Place(headings)


def _tail(text: str) -> str:
    """The end of a passage, from the beginning of a sentence or at least of a word."""
    window = text[-OVERLAP_CHARS:]
    if len(window) == len(text):
        return ""
    for end in _ENDS[1:]:
        if (found := end.search(window)) and found.end() < len(window):
            return window[found.end() :].strip()
    return window.strip()
