"""A process of its own that takes the text out of one PDF: a file from outside may want all memory or never end.

Reads its limits as one line of JSON from stdin, then the file; writes one line of JSON to stdout.
"""

import contextlib
import io
import json
import sys
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

MEMORY_BYTES = 1_500_000_000


def take() -> None:
    limits = json.loads(sys.stdin.buffer.readline())
    _bind(limits["seconds"])
    print(json.dumps(_read(sys.stdin.buffer.read(), limits)), flush=True)  # noqa: T201


def _bind(seconds: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system that has no such limits
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _read(content: bytes, limits: dict[str, int]) -> dict[str, Any]:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"problem": "is locked with a password"}
        return _texts(reader, limits)
    except (
        PyPdfError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        RecursionError,
        MemoryError,
    ) as error:
        return {"problem": f"cannot be read as a PDF ({type(error).__name__})"}


def _texts(reader: PdfReader, limits: dict[str, int]) -> dict[str, Any]:
    if len(reader.pages) > limits["pages"]:
        return {"problem": f"has {len(reader.pages):,} pages; {limits['pages']:,} are allowed"}
    texts: list[str] = []
    for page in reader.pages:
        texts.append(page.extract_text().strip())
        if sum(map(len, texts)) > limits["chars"]:
            break
    return {"pages": len(reader.pages), "text": "\n\n".join(text for text in texts if text)}


if __name__ == "__main__":
    take()
