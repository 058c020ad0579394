"""Passages of documents with what was found in them. Everything in them is somebody's text: escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from uuid import UUID

import streamlit as st

from core.domain.knowledge import Found, Place, Search
from pages.components.frame import quiet


def found_passages(search: Search) -> None:
    """How it was searched, then the passages in their order, each a link to where it stands."""
    quiet(search.how, small=True)
    if search.passages:
        cards = (_found(number, one) for number, one in enumerate(search.passages, start=1))
        st.html(f'<div class="passages">{"".join(cards)}</div>')


def document_passages(parts: Iterable[tuple[UUID, int, Place, str]], chosen: UUID | None) -> None:
    """The passages of one document with their ids, numbers, places and texts; `chosen` stands out."""
    cards = (
        _card(one, f"<b>{number}</b>", place.in_words(), escape(text), "chosen" if one == chosen else "")
        for one, number, place, text in parts
    )
    st.html(f'<div class="passages whole">{"".join(cards)}</div>')


def _found(number: int, one: Found) -> str:
    head = f"<b>{number} · {escape(one.document)}</b>"
    place = " · ".join(part for part in (one.place.in_words(), _score(one)) if part)
    return _card(one.id, head, place, with_marks(one.text, one.marks), "")


def _score(one: Found) -> str:
    """Of a search by words alone the weight of the words; of a fused one both ranks."""
    if not (one.by_words or one.by_meaning):
        return f"score {one.score:.2f}"
    words = f"{_nth(one.by_words)} by words" if one.by_words else ""
    near = f"{_nth(one.by_meaning)} by meaning" if one.by_meaning else ""
    cosine = f"{one.nearness:.2f} near" if one.nearness is not None else ""
    return " · ".join(part for part in (f"score {one.score:.3f}", words, near, cosine) if part)


def _nth(rank: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th") if rank % 100 not in {11, 12, 13} else "th"
    return f"{rank}{ending}"


def _card(passage_id: UUID, head: str, place: str, inside: str, kind: str) -> str:
    address = f"knowledge?passage={passage_id}"
    link = f'<a href="{address}" target="_blank" rel="noopener" title="Passage {passage_id}">{head}</a>'
    return (
        f'<article class="{kind}"><header>{link} <span class="quiet small">{escape(place)}</span></header>'
        f'<div class="said" tabindex="0">{inside}</div></article>'
    )


def with_marks(text: str, marks: Sequence[tuple[int, int]]) -> str:
    """HTML of a text, its marked places marked; places that do not follow each other are passed over."""
    pieces, at = list[str](), 0
    for start, end in marks:
        if at <= start < end <= len(text):
            pieces += [escape(text[at:start]), f"<mark>{escape(text[start:end])}</mark>"]
            at = end
    return "".join([*pieces, escape(text[at:])])
