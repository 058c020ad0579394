"""Above the form: where one is, back, begin anew, save."""

from typing import Any

import streamlit as st

from core.services.hub_desk import HubDesk
from pages.components.drafting import fresh
from pages.components.frame import ask_once, page_header
from pages.components.hub_form.draft import Form
from pages.components.session import say, value_or_say, who

HALVES = (11, 9)


def back() -> None:
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=st.query_params.clear)


def head(form: Form, desk: HubDesk[Any], title: str, says: str, other: str) -> None:
    """`other`: what a new tool can be instead."""
    with page_header(title, says):
        again, sign = ("Discard", ":material/delete:") if form.name else (other, ":material/apps:")
        if desk.is_begun(form.name, who()) and st.button(again, icon=sign):
            ask_once("Discard the draft?", "What you typed here will be lost.", "Discard", lambda: _discard(form, desk))
        st.button("Save", type="primary", icon=":material/check:", on_click=_save, args=(form, desk))


def _save(form: Form, desk: HubDesk[Any]) -> None:
    """The draft as it is in the database: the last widget may just have been saved."""
    kept = value_or_say(desk.keep(form.name, desk.get(form.name, who()), who()))
    if kept is not None:
        say(f"{kept.tool.name} is kept. Give it to an agent, or try it here.")
        fresh(form.kind, form.name)
        st.query_params.clear()
        st.query_params["tool"] = kept.tool.name


def _discard(form: Form, desk: HubDesk[Any]) -> None:
    """What was typed is forgotten; a new tool begins with its choice."""
    desk.discard(form.name, who())
    fresh(form.kind, form.name)
    new = st.query_params.get("new", "")
    st.query_params.clear()
    if new:
        st.query_params["new"] = new
