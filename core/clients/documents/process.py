"""A process of its own that reads one file: one from outside may want all memory or never end.

Reads what is asked as one line of JSON from stdin, then the file; writes one line of JSON to stdout.
"""

import contextlib
import sys
from typing import assert_never

import msgspec

from core.clients.documents.told import Asked, Told, UnreadableError

MEMORY_BYTES = 1_500_000_000


def take() -> None:
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)
    _bind(asked.limits.seconds)
    content = sys.stdin.buffer.read()
    try:
        told = _read(asked, content)
    except UnreadableError as error:
        told = Told(str(error))
    except MemoryError:
        told = Told("needs too much memory to be read")
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def _bind(seconds: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system that has no such limits
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _read(asked: Asked, content: bytes) -> Told:
    """Each library is imported only for its own kind: their imports take longer than most files."""
    match asked.kind:
        case "pdf":
            from core.clients.documents.pdf import read_pdf  # noqa: PLC0415

            return read_pdf(content, asked.limits)
        case "docx":
            from core.clients.documents.docx import read_docx  # noqa: PLC0415

            return read_docx(content, asked.limits)
        case "html":
            from core.clients.documents.html import read_html  # noqa: PLC0415

            return read_html(content, asked.limits)
        case _:
            assert_never(asked.kind)
