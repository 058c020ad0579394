"""What a file of a collection says: by the kind that its name and its beginning show."""

from collections.abc import Callable, Mapping
from typing import Final

from core.domain.blocks import NotReadableError, markdown_blocks, table_blocks, text_blocks
from core.domain.knowledge import FILE_BYTES, KINDS, MOST_CHARS
from core.domain.passages import Reading
from core.services.file_check import text_of

_TEXTS: Final[Mapping[str, Callable[[str], Reading]]] = {
    "txt": text_blocks,
    "text": text_blocks,
    "log": text_blocks,
    "md": markdown_blocks,
    "markdown": markdown_blocks,
    "csv": table_blocks,
    "tsv": table_blocks,
}


def why_not(name: str, size_bytes: int) -> str:
    """Why a file is not taken in, as a sentence; empty: it is."""
    if _ending(name) not in _TEXTS:
        return f"Files of this kind cannot be read. These can: {KINDS}."
    if size_bytes > FILE_BYTES:
        return f"It is larger than {FILE_BYTES // 1_000_000} MB."
    return "" if size_bytes else "It is empty."


def read_document(name: str, content: bytes) -> Reading:
    """Its text in blocks. Raises `NotReadableError`, which goes on after the file's name."""
    text = text_of(content)
    if text is None:
        raise NotReadableError("is no text in UTF-8")
    if len(text) > MOST_CHARS:
        raise NotReadableError(f"has more than {MOST_CHARS:,} characters")
    reading = _TEXTS[_ending(name)](text)
    if not any(block.text.strip() for block in reading.blocks):
        raise NotReadableError("holds no text")
    return reading


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()
