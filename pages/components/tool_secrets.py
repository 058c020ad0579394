"""The secrets that a tool sends: by name, where each goes, and a place to set one that is missing."""

import streamlit as st

from core.bootstrap import App
from core.domain.tool import ToolSpec
from core.services.tools import NeededSecret
from pages.components.frame import section
from pages.components.session import may
from pages.components.settings.secrets import value_form
from pages.components.text import plain


def tool_secrets(app: App, tool: ToolSpec) -> None:
    needed = app.tools.needed_secrets([tool])
    if not needed:
        return
    section("Secrets", "Sent with every call; the model, the journal and the logs never see a value.")
    for secret in needed:
        _row(app, secret)


def _row(app: App, secret: NeededSecret) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(secret.name)}**")
                st.caption(plain(secret.goes))
            if secret.is_set:
                st.badge("Set", icon=":material/check:", color="green")
            else:
                st.badge("Missing", icon=":material/key_off:", color="orange")
        if not secret.is_set and may("operator"):
            value_form(app, secret.name)
        elif not secret.is_set:
            st.caption("An operator sets it under Settings → Secrets.")
