"""Differences in words: texts with what came and went marked, settings as a table."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.domain.diff import Change, SpecDiff, WordChange
from pages.components.text import plain

_WIDTHS = (3, 4, 4)
_TAGS = {"equal": "span", "insert": "ins", "delete": "del"}


def word_diff(words: Sequence[WordChange]) -> None:
    """Everything is escaped: prompts are text, never markup."""
    pieces = [f"<{_TAGS[word.op]}>{escape(word.text)}</{_TAGS[word.op]}>" for word in words]
    st.html(f'<div class="said">{"".join(pieces)}</div>')


def changes_table(changes: Sequence[Change]) -> None:
    for column, label in zip(st.columns(_WIDTHS, gap="small"), ("What", "Before", "After"), strict=True):
        column.caption(label)
    for change in changes:
        what, before, after = st.columns(_WIDTHS, gap="small")
        what.markdown(plain(change.what))
        before.text(change.before)
        after.text(change.after)


def spec_difference(difference: SpecDiff) -> None:
    if difference.count == 0:
        st.caption("Nothing differs.")
        return
    if any(word.op != "equal" for word in difference.words):
        st.markdown("**Instructions**")
        with st.container(border=True, height=300 if len(difference.words) > 12 else "content"):
            word_diff(difference.words)
    if difference.changes:
        st.markdown("**Settings**")
        changes_table(difference.changes)
