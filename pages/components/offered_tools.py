"""The tools that an MCP server offers, a row each, to be ticked."""

from collections.abc import Container, Sequence

import streamlit as st

from core.domain.tool_source import ListedTool
from core.services.tool_sources import Offer
from pages.components.text import plain, short

_WORDS_CHARS = 160


def offered_tools(offers: Sequence[Offer], used: Container[str], key: str) -> list[str]:
    """The names that are ticked. `used` are ticked at first; what cannot be used says why."""
    with st.container(border=True, gap="small"):
        return [offer.tool.name for offer in offers if _row(offer, offer.tool.name in used, f"{key}_{offer.tool.name}")]


def _row(offer: Offer, is_used: bool, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="top", gap="small", wrap=False):
        with st.container(gap=None, width="stretch"):
            ticked = st.checkbox(
                f"**{plain(offer.tool.name)}**", is_used and not offer.reason, key=key, disabled=bool(offer.reason)
            )
            if offer.reason:
                st.caption(f":orange[:material/block:] {plain(offer.reason)}")
            elif words := offer.tool.description or offer.tool.title:
                st.caption(plain(short(words, _WORDS_CHARS)))
        _effect(offer.tool)
    return ticked


def _effect(tool: ListedTool) -> None:
    if tool.is_read_only:
        st.badge("Reads", icon=":material/visibility:", color="gray", help="So the server says; nobody checks it.")
    else:
        st.badge("Changes", icon=":material/edit:", color="orange", help="The server does not say that it only reads.")
