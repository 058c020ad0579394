"""An HTTP tool, written in a form: on the left what is typed, on the right the request it makes."""

from functools import partial

import streamlit as st

from core.bootstrap import App
from pages.components.drafting import fresh
from pages.components.frame import ask_once, page_header
from pages.components.request_form.draft import KIND, Form
from pages.components.request_form.fields import about, answer, request
from pages.components.request_form.inputs import inputs, secrets
from pages.components.request_form.preview import preview
from pages.components.session import say, show_said, value_or_say, who

HALVES = (11, 9)


def request_form(app: App, name: str) -> None:
    """`name` is empty for a new tool."""
    form = Form(app, name, app.http_drafts.get(name, who()), app.http_drafts, KIND)
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    title = f"Edit {name}" if name else "New HTTP tool"
    with page_header(title, "One request a call. What you type is kept as a draft."):
        if app.http_drafts.is_begun(name, who()) and st.button("Discard", icon=":material/delete:"):
            ask_once("Discard the draft?", "What you typed here will be lost.", "Discard", lambda: _discard(form))
        st.button("Save", type="primary", icon=":material/check:", on_click=_save, args=(form,))
    show_said()
    finished = app.http_drafts.finish(form.draft)
    with st.container(key="halves"):
        left, right = st.columns(HALVES, gap="large")
        with left, st.container(gap="medium"):
            for part in (about, request, partial(inputs, names=list(finished.tool.inputs)), secrets, answer):
                with st.container(gap="small"):
                    part(form)
        with right, st.container(key="beside"):
            preview(form, finished)


def _save(form: Form) -> None:
    """The draft as it is in the database: the last widget may just have been saved."""
    draft = form.app.http_drafts.get(form.name, who())
    kept = value_or_say(form.app.http_drafts.keep(form.name, draft, who()))
    if kept is not None:
        say(f"{kept.tool.name} is kept. Try it here.")
        fresh(KIND, form.name)
        st.query_params.clear()
        st.query_params["tool"] = kept.tool.name


def _discard(form: Form) -> None:
    form.app.http_drafts.discard(form.name, who())
    fresh(KIND, form.name)
    _leave()


def _leave() -> None:
    st.query_params.clear()
