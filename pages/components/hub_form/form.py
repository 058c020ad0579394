"""A Hugging Face task as a tool: choose it, set it up on the left, see and try it on the right."""

import streamlit as st

from core.bootstrap import App
from core.services.hub_tools import TASKS, Task
from pages.components.drafting import fresh
from pages.components.frame import ask_once, page_header
from pages.components.hub_form.beside import beside
from pages.components.hub_form.choose import choose
from pages.components.hub_form.draft import KIND, Form
from pages.components.hub_form.fields import about, limits, model
from pages.components.hub_form.inputs import inputs
from pages.components.session import say, show_said, value_or_say, who

HALVES = (11, 9)


def hub_form(app: App, name: str) -> None:
    """`name` is empty for a new tool."""
    form = Form(app, name, app.hub_tools.get(name, who()), app.hub_tools, KIND)
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    task = next((one for one in TASKS if one.name == form.draft.task), None)
    if task is None:
        page_header("New Hugging Face tool", "Choose what it is to do; thousands of models on the Hub can do it.")
        show_said()
        choose(form)
        return
    _head(form, task)
    show_said()
    with st.container(key="halves"):
        left, right = st.columns(HALVES, gap="large")
        with left, st.container(gap="medium"):
            _left(form, task)
        with right, st.container(key="beside"):
            beside(form)


def _head(form: Form, task: Task) -> None:
    title = f"Edit {form.name}" if form.name else task.title
    with page_header(
        title, "With a model of the Hugging Face Hub, or a server of your own. What you type is kept as a draft."
    ):
        again, sign = ("Discard", ":material/delete:") if form.name else ("Another task", ":material/apps:")
        if form.app.hub_tools.is_begun(form.name, who()) and st.button(again, icon=sign):
            ask_once("Discard the draft?", "What you typed here will be lost.", "Discard", lambda: _discard(form))
        st.button("Save", type="primary", icon=":material/check:", on_click=_save, args=(form,))


def _left(form: Form, task: Task) -> None:
    for part in (lambda: model(form, task), lambda: about(form), lambda: inputs(form, task), lambda: limits(form)):
        with st.container(gap="small"):
            part()


def _save(form: Form) -> None:
    """The draft as it is in the database: the last widget may just have been saved."""
    kept = value_or_say(form.app.hub_tools.keep(form.name, form.store.get(form.name, who()), who()))
    if kept is not None:
        say(f"{kept.tool.name} is kept. Give it to an agent, or try it here.")
        fresh(KIND, form.name)
        st.query_params.clear()
        st.query_params["tool"] = kept.tool.name


def _discard(form: Form) -> None:
    """What was typed is forgotten; a new tool begins with the choice of its task."""
    form.app.hub_tools.discard(form.name, who())
    fresh(KIND, form.name)
    st.query_params.clear()
    if not form.name:
        st.query_params["new"] = "hf"


def _leave() -> None:
    st.query_params.clear()
