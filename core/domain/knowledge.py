"""Knowledge: collections of documents, cut into passages that are found by their words."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Language = Literal[
    "simple",
    "arabic",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "indonesian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "turkish",
]
"""Whose word forms count as one word; `simple`: each form is a word of its own."""
DocumentState = Literal["reading", "ready", "failed", "unsupported"]
Unit = Literal["", "page", "row", "line", "paragraph"]
"""What places in a document are counted in, from 1; a row as a spreadsheet counts it, names included."""

FILE_BYTES = 20_000_000
MOST_FILES = 50
"""At once."""
MOST_DOCUMENTS = 1_000
MOST_CHARS = 5_000_000
"""Of the text of one document."""
MOST_PAGES = 3_000
QUERY_CHARS = 1_000
MOST_FOUND = 20
_FEW, _TINY = 2_000, 4
"""Passages that a word may stand in, whatever share of the collection they are."""
KINDS = "Text, Markdown, CSV and TSV (UTF-8), PDF, Word (.docx), HTML"
LIMITS = (
    f"{KINDS}; up to {FILE_BYTES // 1_000_000} MB and {MOST_CHARS // 1_000_000} million characters a document, "
    f"{MOST_FILES} files at once, {MOST_DOCUMENTS:,} documents a collection."
)


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """The named thing. `tool`: what agents are given to search it."""

    id: UUID
    name: str
    description: str = ""
    language: Language = "english"
    tool: str
    endpoint: str = ""
    """Who makes vectors of its passages; empty: it is searched by words alone."""
    model: str = ""
    vector_fault: str = ""
    """Why the last vectors could not be made."""
    created_by: str = ""
    created_at: datetime
    updated_at: datetime

    @property
    def made_by(self) -> str:
        """Names where vectors are from: those of one model say nothing to those of another. Empty: none are made."""
        return f"{self.endpoint} {self.model}" if self.endpoint and self.model else ""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a collection, named once there. `reason`: why it is not ready."""

    id: UUID
    collection_id: UUID
    name: str
    size_bytes: int
    sha256: str
    state: DocumentState = "reading"
    reason: str = ""
    passages: int = 0
    chars: int = 0
    created_by: str = ""
    created_at: datetime
    updated_at: datetime


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where in its document a passage stands. `first` and `last` count the unit; 0: it has no numbers."""

    headings: tuple[str, ...] = ()
    unit: Unit = ""
    first: int = 0
    last: int = 0

    def in_words(self) -> str:
        """Such as `Returns › Refunds · lines 12–18`."""
        return " · ".join(part for part in (" › ".join(self.headings), self._numbers()) if part)

    def _numbers(self) -> str:
        if not self.unit or not self.first:
            return ""
        if self.first == self.last:
            return f"{self.unit} {self.first:,}"
        return f"{self.unit}s {self.first:,}–{self.last:,}"


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passage that a search found, best first. `marks`: where in `text` the words stand, as [start, end)."""

    id: UUID
    document_id: UUID
    document: str
    place: Place
    text: str
    score: float
    marks: tuple[tuple[int, int], ...] = ()
    by_words: int = 0
    """Its rank when only words count, from 1; 0: not among the first."""
    by_meaning: int = 0
    """The same by the nearness of vectors."""
    nearness: float | None = None
    """Cosine of the question's vector and its own."""


class Search(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a search found, and in a sentence how it searched."""

    how: str
    passages: tuple[Found, ...] = ()


class Term(msgspec.Struct, frozen=True):
    """A word of a question as the index has it, and in how many passages it stands."""

    lexeme: str
    passages: int

    def weight(self, total: int) -> float:
        """How much it tells of a passage that it stands there: the rarer, the more (Robertson and Spärck Jones)."""
        return math.log(1 + (max(total, self.passages) - self.passages + 0.5) / (self.passages + 0.5))


def telling(terms: Sequence[Term], total: int, *, has_stop_words: bool) -> tuple[Term, ...]:
    """The words of a question that are searched for: any of them is enough, so that a whole sentence finds.

    Left out is what stands in more than half of a large collection, or of any but a tiny one where the language does
    not leave out its commonest words itself: it tells nothing, and would make a search read them all. Where nothing
    else is left, the rarest stays.
    """
    few = _FEW if has_stop_words else _TINY
    there = [term for term in terms if term.passages]
    rare = tuple(term for term in there if term.passages <= max(total / 2, few))
    return rare or tuple(sorted(there, key=lambda term: (term.passages, term.lexeme))[:1])


def fused(*rankings: Sequence[UUID]) -> list[tuple[UUID, float]]:
    """One ranking of several, best first: reciprocal rank fusion (Cormack, Clarke and Büttcher 2009), with their 60."""
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (60 + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


START, END = "\x02", "\x03"
"""What the database sets around words that were found. No text that is kept has these characters."""


def marked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text without its marks, and where they were."""
    plain, marks = "", list[tuple[int, int]]()
    for piece in text.split(START):
        word, has_end, rest = piece.partition(END)
        if has_end:
            marks.append((len(plain), len(plain) + len(word)))
        plain += word + rest
    return plain, tuple(marks)
