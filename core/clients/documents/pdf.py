"""PDF: the text of each page."""

import io

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from core.clients.documents.told import Limits, Told, UnreadableError
from core.domain.blocks import clean
from core.domain.passages import Block, Reading

_FAULTS = (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)
"""What the library lets through where a file is broken."""


def read_pdf(content: bytes, limits: Limits) -> Told:
    """A block a page. Raises `UnreadableError`."""
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("is locked with a password")
        return _pages(reader, limits)
    except _FAULTS as error:
        raise UnreadableError(f"cannot be read as a PDF ({type(error).__name__})") from None


def _pages(reader: PdfReader, limits: Limits) -> Told:
    total = len(reader.pages)
    if total > limits.pages:
        raise UnreadableError(f"has {total:,} pages; {limits.pages:,} are allowed")
    blocks, chars = list[Block](), 0
    for number, page in enumerate(reader.pages, start=1):
        text = clean(page.extract_text().strip())
        chars += len(text)
        if text:
            blocks.append(Block(text, at=number))
        if chars > limits.chars:
            break
    return Told(pages=total, reading=Reading(tuple(blocks), "page"))
