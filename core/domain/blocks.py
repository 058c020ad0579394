"""Texts of several kinds as blocks: paragraphs with their headings and lines, tables with their rows."""

import csv
import io
import re
from collections.abc import Iterator

from core.domain.passages import Block, Reading

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_DELIMITERS = ",;\t|"
_SAMPLE_CHARS = 10_000
_CELL_CHARS = 1_000_000


class NotReadableError(ValueError):
    """Why a text is not of the kind it is said to be; goes on after the document's name."""


def clean(text: str) -> str:
    """One way to end lines, and no character that the database cannot keep or that marks a place there."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return _CONTROLS.sub("\ufffd", lines)


def text_blocks(text: str) -> Reading:
    """Paragraphs, divided by empty lines."""
    return Reading(tuple(_paragraphs(clean(text).split("\n"))), "line")


def markdown_blocks(text: str) -> Reading:
    """Headings and what stands below them. What is fenced is no heading."""
    return Reading(tuple(_markdown(clean(text).split("\n"))), "line")


def table_blocks(text: str) -> Reading:
    """A row a block, each value with the name of its column. Raises `NotReadableError`."""
    table = clean(text)
    rows = csv.reader(io.StringIO(table, newline=""), delimiter=_delimiter(table), strict=True)
    csv.field_size_limit(_CELL_CHARS)
    try:
        return Reading(tuple(_rows(rows)), "row")
    except csv.Error as error:
        raise NotReadableError(f"is no table: line {rows.line_num}, {error}") from None


def _paragraphs(lines: list[str], first: int = 1) -> Iterator[Block]:
    part: list[str] = []
    for number, line in enumerate([*lines, ""], start=first):
        if line.strip():
            part.append(line.rstrip())
        elif part:
            yield Block("\n".join(part), at=number - len(part))
            part = []


def _markdown(lines: list[str]) -> Iterator[Block]:
    body: list[str] = []
    fence = ""
    for number, line in enumerate(lines, start=1):
        fence, is_code = _fenced(line, fence)
        heading = None if is_code else _HEADING.match(line)
        underline = None if is_code or not body or not body[-1].strip() else _UNDERLINE.match(line)
        if not heading and not underline:
            body.append(line)
            continue
        title = heading[2] if heading else body.pop().strip()
        yield from _paragraphs(body, number - len(body) - (not heading))
        body = []
        level = len(heading[1]) if heading else 1 if underline and "=" in underline[1] else 2
        yield Block(title, level, number)
    yield from _paragraphs(body, len(lines) - len(body) + 1)


def _fenced(line: str, fence: str) -> tuple[str, bool]:
    """The fence that is open after this line, and whether the line belongs to what is fenced."""
    mark = _FENCE.match(line)
    if not fence:
        return (mark[1], True) if mark else ("", False)
    closes = mark is not None and mark[1].startswith(fence) and not line.strip().strip(fence[0])
    return ("" if closes else fence), True


def _delimiter(table: str) -> str:
    """Whatever divides the first line most often outside of quotes."""
    head = re.sub(r'"[^"]*"?', "", table[:_SAMPLE_CHARS]).lstrip("\n").partition("\n")[0]
    return max(_DELIMITERS, key=head.count)


def _rows(rows: Iterator[list[str]]) -> Iterator[Block]:
    names: list[str] = []
    for number, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row):
            continue
        if not names:
            names = row
            yield Block(", ".join(cell.strip() for cell in row if cell.strip()), at=number)
            continue
        yield Block("; ".join(_cells(names, row)), at=number)


def _cells(names: list[str], row: list[str]) -> Iterator[str]:
    for place, cell in enumerate(row):
        name = names[place].strip() if place < len(names) else ""
        if cell.strip():
            yield f"{name}: {cell.strip()}" if name else cell.strip()
