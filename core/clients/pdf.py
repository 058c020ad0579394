"""The text of a PDF as one piece."""

from typing import Final, NamedTuple

from core.clients.documents.child import read_file
from core.clients.documents.told import Limits

LIMIT_S: Final = 20
_NO_TEXT = "holds no text; a scan has to be attached as images"


class PdfText(NamedTuple):
    """`problem` goes on after the file's name; empty: there is text."""

    text: str = ""
    pages: int = 0
    problem: str = ""


def pdf_text(content: bytes, most_chars: int, most_pages: int, limit_s: int = LIMIT_S) -> PdfText:
    """The text of every page. One longer than `most_chars` ends somewhere behind them."""
    told = read_file("pdf", content, Limits(most_chars, most_pages, limit_s))
    if told.problem:
        return PdfText(problem=told.problem)
    text = "\n\n".join(block.text for block in told.reading.blocks)
    return PdfText(text, told.pages) if text else PdfText(problem=_NO_TEXT)
