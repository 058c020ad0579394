"""The prompt: text, typed variables, the library, and a preview of what is sent."""

from html import escape
from typing import Any

import msgspec
import streamlit as st

from core.domain.agent import AgentSpec, Variable
from core.domain.result import Err
from core.domain.template import Rendered, render, variables_in
from pages.components.editor.draft import Draft
from pages.components.session import who
from pages.components.text import counted, grouped, plain
from pages.components.variable_rows import Bind, Put, variable_row

CHARS_PER_TOKEN = 4


def instructions(draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("What the agent is told before anything else. Write `{{name}}` for a variable.", width="stretch")
        _library(draft)
    st.text_area(
        "Instructions",
        draft.spec.instructions,
        height=260,
        label_visibility="collapsed",
        placeholder="You are a clerk who calculates. Use the calculator for every number.",
        **draft.on_change("instructions", put_instructions),
    )
    prompt = render(draft.spec.instructions, draft.spec.variables, {})
    _count(draft.spec)
    if draft.spec.variables:
        _variables(draft, prompt)
    with st.expander("Preview as sent", icon=":material/visibility:", type="compact", key=draft.key("preview")):
        preview(prompt)


def put_instructions(spec: AgentSpec, text: str | None) -> AgentSpec:
    """New names become text variables; what a person did with a variable stays as long as the text uses it."""
    text = text or ""
    known = {variable.name: variable for variable in spec.variables}
    variables = tuple(known.get(name, Variable(name)) for name in variables_in(text))
    return msgspec.structs.replace(spec, instructions=text, variables=variables)


def _count(spec: AgentSpec) -> None:
    length = len(spec.instructions)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption(
            f"{grouped(length)} characters · about {grouped(round(length / CHARS_PER_TOKEN))} tokens", width="stretch"
        )
        if spec.variables:
            st.badge(counted(len(spec.variables), "variable"), icon=":material/data_array:", color="gray")


def _variables(draft: Draft, prompt: Rendered) -> None:
    st.markdown("**Variables**")
    with st.container(gap="xsmall"):
        for index, variable in enumerate(draft.spec.variables):
            variable_row(variable, _bind(draft, index, variable.name))
    if prompt.missing:
        names = plain(", ".join(prompt.missing))
        st.caption(f":orange[:material/info:] Without a default, the chat asks for it first: {names}")
    for bad in prompt.bad:
        st.caption(f":red[:material/error:] {plain(bad.message)}")


def _bind(draft: Draft, index: int, name: str) -> Bind:
    def bind(field: str, put: Put) -> dict[str, Any]:
        def change(spec: AgentSpec, value: Any) -> AgentSpec:
            variables = list(spec.variables)
            variables[index] = put(variables[index], value)
            return msgspec.structs.replace(spec, variables=tuple(variables))

        return draft.on_change(f"{field}_{name}", change)

    return bind


def preview(prompt: Rendered) -> None:
    """The rendered prompt; what variables put in is marked, what is missing is red."""
    if not prompt.text:
        st.caption("Empty: no system message is sent.")
        return
    tags = {"instructions": "span", "variable": "mark", "missing": "del"}
    pieces = [
        f"<{tags[span.origin]}>{escape(prompt.text[span.start : span.end])}</{tags[span.origin]}>"
        for span in prompt.spans
    ]
    st.html(f'<div class="said">{"".join(pieces)}</div>')


def _library(draft: Draft) -> None:
    choice = st.menu_button(
        "Library",
        ["Insert a prompt", "Save as a prompt"],
        icon=":material/article:",
        type="tertiary",
        key=draft.key("library"),
    )
    if choice == "Insert a prompt":
        _insert(draft)
    elif choice == "Save as a prompt":
        _keep(draft)


@st.dialog("Insert a prompt")
def _insert(draft: Draft) -> None:
    prompts = draft.app.prompts.list("system")
    if not prompts:
        st.caption("The library has no system prompt yet. Save one here, or write one under Prompts.")
        return
    chosen = st.selectbox("Prompt", prompts, format_func=lambda prompt: f"{prompt.name} · version {prompt.number}")
    st.code(chosen.text, language=None, wrap_lines=True, height=240)
    st.caption("It replaces the instructions of the draft. The live revision stays as it is.")
    if st.button("Insert", type="primary"):
        draft.edit(
            lambda spec: put_instructions(msgspec.structs.replace(spec, variables=chosen.variables), chosen.text)
        )
        st.rerun()


@st.dialog("Save as a prompt")
def _keep(draft: Draft) -> None:
    name = st.text_input("Name", draft.agent.name, max_chars=100)
    st.caption("A name that exists gets a new version.")
    if st.button("Save", type="primary"):
        saved = draft.app.prompts.save(
            "system", (name or "").strip(), draft.spec.instructions, draft.spec.variables, who()
        )
        if isinstance(saved, Err):
            st.error(plain(saved.message), icon=":material/error:")
        else:
            st.rerun()
