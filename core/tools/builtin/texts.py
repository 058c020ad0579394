"""Counting what is in a text."""

import re
from typing import Annotated

import msgspec

from core.domain.tool import ToolResult

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# The looks back keep a long run of dots from being tried again at each of them.
_SENTENCE_END = re.compile(r"(?<![.!?…。！？])[.!?…。！？]++(?=[\s\"'”’)\]]|$)|(?<![。！？])[。！？]++")
_WORDS_A_MINUTE = 230


def text_statistics(
    text: Annotated[str, msgspec.Meta(max_length=1_000_000), "The text to measure."],
) -> ToolResult:
    """Count the characters, words, sentences, lines and paragraphs of a text, exactly."""
    words = _WORD.findall(text)
    counts = {
        "characters": len(text),
        "characters_without_spaces": len("".join(text.split())),
        "words": len(words),
        "different_words": len({word.casefold() for word in words}),
        "sentences": _sentences(text),
        "lines": len(text.splitlines()),
        "paragraphs": len([part for part in re.split(r"\n[^\S\n]*\n", text) if part.strip()]),
        "bytes_utf8": len(text.encode()),
        "reading_minutes": round(len(words) / _WORDS_A_MINUTE, 1),
    }
    return ToolResult("\n".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()), data=counts)


def _sentences(text: str) -> int:
    """Sentence ends, and one more for a text that stops without one."""
    ends = list(_SENTENCE_END.finditer(text))
    rest = text[ends[-1].end() :] if ends else text
    return len(ends) + bool(_WORD.search(rest))
