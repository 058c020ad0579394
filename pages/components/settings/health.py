"""Whether everything that the app needs answers, and what to do where it does not."""

import streamlit as st

from core.bootstrap import App
from core.services.health import HealthLine
from pages.components.asking import while_asked
from pages.components.text import plain

_PATIENCE_S = 0.3


def health(app: App) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("The same checks as `python -m core doctor`.", width="stretch")
        again = st.button("Check again", icon=":material/refresh:")
    lines = app.health.look(fresh=again, patience_s=_PATIENCE_S)
    for line in lines:
        with st.container(border=True, gap="xxsmall"):
            st.markdown(f"{_mark(line)} **{plain(line.name)}** :gray[· {plain(line.detail)}]")
            if line.advice:
                st.markdown(plain(line.advice))
    if any(line.is_checking for line in lines):
        while_asked(lambda: any(line.is_checking for line in app.health.look()), "Checking…", "health_asked")


def _mark(line: HealthLine) -> str:
    if line.is_checking:
        return ":gray[:material/hourglass_top:]"
    if line.ok:
        return ":green[:material/check_circle:]"
    return ":red[:material/error:]" if line.required else ":orange[:material/info:]"
