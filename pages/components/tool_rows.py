"""Labelled rows within a card, and long texts."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.components.frame import quiet
from pages.components.tool_text import shown

LABEL_PX = 104
_LONG_CHARS = 600


def row(label: str, value: Callable[[], object]) -> None:
    with st.container(horizontal=True, gap="small", wrap=False):
        with st.container(width=LABEL_PX):
            quiet(label)
        with st.container(gap="xxsmall"):
            value()


def rows(values: Mapping[str, Any]) -> None:
    """Names and values as a readable table."""
    with st.container(gap="xxsmall"):
        for name, value in values.items():
            row(name, partial(st.text, shown(value)))


def long_text(text: str, key: str) -> None:
    """The beginning of a long text; the whole of it one click away."""
    if len(text) <= _LONG_CHARS:
        st.text(text)
        return
    st.text(text[:_LONG_CHARS].rstrip() + " …")
    with st.popover(f"All {len(text):,} characters", type="tertiary", icon=":material/unfold_more:", key=f"all_{key}"):
        st.code(text, language=None, wrap_lines=True, height=400)
