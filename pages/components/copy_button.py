"""A button that puts a text into the clipboard. The browser does it alone; no page is drawn anew."""

from pathlib import Path

import streamlit as st

_ASSETS = Path(__file__).parent.parent / "assets"
_VIEW = st.components.v2.component(
    "copy_button",
    html="<button type='button'><span class='icon' aria-hidden='true'>content_copy</span></button>",
    css=(_ASSETS / "copy.css").read_text(),
    js=(_ASSETS / "copy.js").read_text(),
)


def copy_button(text: str, label: str, key: str) -> None:
    _VIEW(key=f"copy-{key}", data={"text": text, "label": label}, width="content", height="content")
