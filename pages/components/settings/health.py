"""Whether everything that the app needs answers, and what to do where it does not."""

import streamlit as st

from core.bootstrap import App
from pages.components.text import plain


def health(app: App) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("The same checks as `python -m core doctor`.", width="stretch")
        st.button("Check again", icon=":material/refresh:")
    with st.spinner("Checking…"):
        lines = app.health.check()
    for line in lines:
        with st.container(border=True, gap="xxsmall"):
            mark = (
                ":green[:material/check_circle:]"
                if line.ok
                else ":red[:material/error:]"
                if line.required
                else ":orange[:material/info:]"
            )
            st.markdown(f"{mark} **{plain(line.name)}** :gray[· {plain(line.detail)}]")
            if line.advice:
                st.markdown(plain(line.advice))
