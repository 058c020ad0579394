"""A long conversation is drawn from its newest messages; the earlier ones come when they are asked for."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core.domain.run import Run
from pages.components.text import counted

SHOWN = 12
"""Turns drawn at first: each takes about 15 ms of a redraw, and every message redraws the page."""
MORE = 24


def first_shown(path: Sequence[Run], conversation_id: UUID, wanted: UUID | None) -> int:
    """How many turns before the drawn ones are left out. `wanted`: a run that must be among the drawn ones."""
    left_out = max(0, len(path) - SHOWN - int(st.session_state.get(_key(conversation_id), 0)))
    return next((min(place, left_out) for place, run in enumerate(path) if run.id == wanted), left_out)


def earlier_button(left_out: int, conversation_id: UUID) -> None:
    """What stands above the first turn that is drawn."""
    if left_out:
        st.button(
            f"Show earlier messages ({counted(left_out, 'turn')})",
            icon=":material/expand_less:",
            type="tertiary",
            key="earlier",
            on_click=_show_more,
            args=(conversation_id,),
        )


def _show_more(conversation_id: UUID) -> None:
    key = _key(conversation_id)
    st.session_state[key] = int(st.session_state.get(key, 0)) + MORE


def _key(conversation_id: UUID) -> str:
    return f"earlier_{conversation_id}"
