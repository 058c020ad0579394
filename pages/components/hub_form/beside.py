"""What a model sees of the tool, what is sent, and a try of it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.domain.result import Err
from core.domain.tool import ToolSpec
from core.services.hub_desk import HubDesk
from pages.components.frame import section
from pages.components.hub_form.draft import Form, TaskForm
from pages.components.session import who
from pages.components.text import counted, plain
from pages.components.tool_rows import rows
from pages.components.tool_trial import outcome, trial_form


def beside(form: Form, desk: HubDesk[Any], sent: Callable[[], None] = lambda: None) -> None:
    """`sent` draws the request, where it can be told."""
    if problems := desk.problems(form.draft):
        section("What the model sees")
        st.caption(f":orange[:material/edit_note:] {counted(len(problems), 'thing')} to do first")
        for problem in problems:
            st.markdown(f"- {plain(problem.message)}")
        return
    tool = desk.tool(form.draft)
    _seen(tool)
    sent()
    section("Try it", "As it stands here: one real call, recorded as a run.")
    # The draft as it is by then: what was typed last may come together with the click.
    trial_form(tool, lambda given, files: desk.try_out(desk.get(form.name, who()), given, who(), files))
    if "run" in st.query_params:
        outcome(form.app)


def _seen(tool: ToolSpec) -> None:
    section("What the model sees")
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(tool.name)}**")
        st.text(tool.description)
        rows({name: _meaning(one) for name, one in tool.parameters["properties"].items()})
        with st.popover("Schema", type="tertiary", icon=":material/data_object:"):
            st.json(tool.parameters)


def _meaning(schema: dict[str, Any]) -> str:
    kind = {"array": "list of texts", "integer": "whole number", "boolean": "yes or no", "string": "text"}
    word = kind.get(str(schema.get("type")), str(schema.get("type", "a value")))
    if "enum" in schema:
        word = "one of " + ", ".join(map(str, schema["enum"]))
    return f"{word}: {schema['description']}" if "description" in schema else word


def sent_by(form: TaskForm) -> None:
    request = form.app.hub_tools.request(form.draft, {})
    with st.expander("What is sent", icon=":material/upload:", key=form.key("sent")):
        if isinstance(request, Err):
            st.caption(f":orange[:material/edit_note:] {plain(request.message)}")
            return
        given = request.value
        headers = [f"{name}: {value}" for name, value in given.headers.items()]
        st.code("\n".join([f"{given.method} {given.url}", *headers, "", given.body]), language="http", wrap_lines=True)
        for secret in given.secrets:
            st.caption(f":material/key: and, when it is sent, {plain(secret)}")
