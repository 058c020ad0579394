"""What a file of a collection says: read as the kind that its name says."""

from collections.abc import Callable, Mapping
from typing import Final

from core.clients.documents.child import read_file
from core.clients.documents.told import FileKind, Limits
from core.domain.blocks import NotReadableError, markdown_blocks, table_blocks, text_blocks
from core.domain.knowledge import FILE_BYTES, KINDS, MOST_CHARS, MOST_PAGES
from core.domain.passages import Reading
from core.services.file_check import text_of

LIMIT_S: Final = 30
_TEXTS: Final[Mapping[str, Callable[[str], Reading]]] = {
    "txt": text_blocks,
    "text": text_blocks,
    "log": text_blocks,
    "md": markdown_blocks,
    "markdown": markdown_blocks,
    "csv": table_blocks,
    "tsv": table_blocks,
}
_FILES: Final[Mapping[str, FileKind]] = {"pdf": "pdf", "docx": "docx", "html": "html", "htm": "html", "xhtml": "html"}
_NO_TEXT: Final[Mapping[str, str]] = {"pdf": "holds no text; it may be a scan, whose pages are pictures"}


def why_not(name: str, size_bytes: int) -> str:
    """Why a file is not taken in, as a sentence; empty: it is."""
    if _ending(name) not in _TEXTS and _ending(name) not in _FILES:
        return f"Files of this kind cannot be read. These can: {KINDS}."
    if size_bytes > FILE_BYTES:
        return f"It is larger than {FILE_BYTES // 1_000_000} MB."
    return "" if size_bytes else "It is empty."


def read_document(name: str, content: bytes) -> Reading:
    """Its text in blocks. Raises `NotReadableError`, which goes on after the file's name."""
    ending = _ending(name)
    reading = _text(ending, content) if ending in _TEXTS else _file(_FILES[ending], content)
    chars = sum(len(block.text) for block in reading.blocks)
    if chars > MOST_CHARS:
        raise NotReadableError(f"has more than {MOST_CHARS:,} characters")
    if not any(block.text.strip() for block in reading.blocks):
        raise NotReadableError(_NO_TEXT.get(ending, "holds no text"))
    return reading


def _text(ending: str, content: bytes) -> Reading:
    text = text_of(content)
    if text is None:
        raise NotReadableError("is no text in UTF-8")
    if len(text) > MOST_CHARS:
        raise NotReadableError(f"has more than {MOST_CHARS:,} characters")
    return _TEXTS[ending](text)


def _file(kind: FileKind, content: bytes) -> Reading:
    told = read_file(kind, content, Limits(MOST_CHARS, MOST_PAGES, LIMIT_S))
    if told.problem:
        raise NotReadableError(told.problem)
    return told.reading


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()
