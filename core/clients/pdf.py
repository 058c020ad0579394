"""The text of a PDF, taken out by a process of its own within limits of time and memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

PROGRAM: Final = Path(__file__).with_name("pdf_process.py")
LIMIT_S: Final = 20
_NO_TEXT = "holds no text; a scan has to be attached as images"


class PdfText(NamedTuple):
    """`problem` goes on after the file's name; empty: there is text."""

    text: str = ""
    pages: int = 0
    problem: str = ""


def pdf_text(content: bytes, most_chars: int, most_pages: int, limit_s: int = LIMIT_S) -> PdfText:
    """The text of every page. One longer than `most_chars` ends somewhere behind them."""
    limits = json.dumps({"chars": most_chars, "pages": most_pages, "seconds": limit_s}).encode()
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        done = subprocess.run(  # noqa: S603 (our own program)
            command, input=limits + b"\n" + content, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return PdfText(problem=f"took longer than {limit_s} s to read")
    if done.returncode != 0:
        return PdfText(problem="could not be read within the limits of time and memory")
    told = json.loads(done.stdout.splitlines()[-1])
    if "problem" in told:
        return PdfText(problem=told["problem"])
    return PdfText(told["text"], told["pages"]) if told["text"].strip() else PdfText(problem=_NO_TEXT)
