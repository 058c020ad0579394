"""Ctrl/Cmd+K on any page: find an agent, a conversation, a run, a prompt, a tool, a dataset or a collection, and open it."""

from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).parent.parent / "assets"
_VIEW = st.components.v2.component(
    "finder",
    html=(_ASSETS / "finder.html").read_text(),
    css=(_ASSETS / "finder.css").read_text(),
    js=(_ASSETS / "finder.js").read_text(),
)
_PLACES = {
    "agent": ("agent.py", "agent"),
    "conversation": ("chat.py", "conversation"),
    "run": ("run.py", "run"),
    "system prompt": ("prompts.py", "prompt"),
    "user prompt": ("prompts.py", "prompt"),
    "tool": ("tools.py", "tool"),
    "dataset": ("datasets.py", "dataset"),
    "collection": ("knowledge.py", "collection"),
}


def finder() -> None:
    """The browser asks `/api/find` by itself; only what was chosen comes here."""
    with st.container(key="finder"):
        chosen = _VIEW(key="finder_view", width="content", height="content", on_open_change=lambda: None).open
    if chosen:
        _open(chosen)


def _open(chosen: dict[str, Any]) -> None:
    kind = str(chosen.get("kind"))
    if kind not in _PLACES:
        return
    page, name = _PLACES[kind]
    params = {name: str(chosen.get("key"))}
    if kind.endswith(" prompt"):
        params["kind"] = kind.removesuffix(" prompt")
    st.switch_page(page, query_params=params)
