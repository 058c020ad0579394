"""What a model sees of the tool, what is sent, and a try of it."""

from typing import Any

import streamlit as st

from core.domain.result import Err
from core.domain.tool import ToolSpec
from pages.components.frame import section
from pages.components.hub_form.draft import Form
from pages.components.session import who
from pages.components.text import counted, plain
from pages.components.tool_rows import rows
from pages.components.tool_trial import outcome, trial_form


def beside(form: Form) -> None:
    if problems := form.app.hub_tools.problems(form.draft):
        section("What the model sees")
        st.caption(f":orange[:material/edit_note:] {counted(len(problems), 'thing')} to do first")
        for problem in problems:
            st.markdown(f"- {plain(problem.message)}")
        return
    tool = form.app.hub_tools.tool(form.draft)
    _seen(tool)
    _sent(form)
    section("Try it", "As it stands here: one real call, recorded as a run.")
    trial_form(tool, lambda arguments, files: form.app.hub_tools.try_out(form.draft, arguments, who(), files))
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
    word = kind.get(schema["type"], schema["type"])
    return f"{word}: {schema['description']}" if "description" in schema else word


def _sent(form: Form) -> None:
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
