"""A Hugging Face task as a tool: choose it, set it up on the left, see and try it on the right."""

from functools import partial

import streamlit as st

from core.bootstrap import App
from core.services.hub_tools import TASKS, Task
from pages.components.frame import page_header
from pages.components.hub_form.beside import beside, sent_by
from pages.components.hub_form.choose import choose
from pages.components.hub_form.draft import TASK, TaskForm
from pages.components.hub_form.fields import about, limits, model
from pages.components.hub_form.head import HALVES, back, head
from pages.components.hub_form.inputs import inputs
from pages.components.session import show_said, who


def hub_form(app: App, name: str) -> None:
    """`name` is empty for a new tool."""
    form = TaskForm(app, name, app.hub_tools.get(name, who()), app.hub_tools, TASK)
    back()
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
            beside(form, app.hub_tools, partial(sent_by, form))


def _head(form: TaskForm, task: Task) -> None:
    title = f"Edit {form.name}" if form.name else task.title
    says = "With a model of the Hugging Face Hub, or a server of your own. What you type is kept as a draft."
    head(form, form.app.hub_tools, title, says, "Another task")


def _left(form: TaskForm, task: Task) -> None:
    parts = (
        partial(model, form, task),
        partial(about, form),
        partial(inputs, form, task.options),
        partial(limits, form),
    )
    for part in parts:
        with st.container(gap="small"):
            part()
