"""The prompt: text, typed variables, the library, and a preview of what is sent."""

from html import escape
from typing import get_args

import msgspec
import streamlit as st

from core.domain.agent import AgentSpec, Variable, VariableType
from core.domain.result import Err
from core.domain.template import Rendered, render, variables_in
from pages.components.editor.draft import Change, Draft
from pages.components.session import who
from pages.components.text import counted, grouped, plain

_TYPES: dict[VariableType, str] = {
    "text": "Text",
    "long_text": "Long text",
    "number": "Number",
    "choice": "Choice",
    "yes_no": "Yes or no",
    "date": "Date",
}
assert set(_TYPES) == set(get_args(VariableType))
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
            _variable(draft, index, variable)
    if prompt.missing:
        names = plain(", ".join(prompt.missing))
        st.caption(f":orange[:material/info:] Without a default, the chat asks for it first: {names}")
    for bad in prompt.bad:
        st.caption(f":red[:material/error:] {plain(bad.message)}")


def _variable(draft: Draft, index: int, variable: Variable) -> None:
    name, kind, default = st.columns([3, 3, 4], vertical_alignment="center", gap="small")
    name.markdown(f"**{plain(variable.name)}**")
    kind.selectbox(
        f"Type of {variable.name}",
        list(_TYPES),
        index=list(_TYPES).index(variable.type),
        format_func=_TYPES.__getitem__,
        label_visibility="collapsed",
        **draft.on_change(f"type_{variable.name}", _put_variable(index, "type")),
    )
    default.text_input(
        f"Default of {variable.name}",
        variable.default,
        placeholder="Default",
        label_visibility="collapsed",
        **draft.on_change(f"default_{variable.name}", _put_variable(index, "default")),
    )
    if variable.type == "choice":
        st.text_input(
            f"Choices of {variable.name}",
            ", ".join(variable.choices),
            placeholder="Choices, with commas between them",
            label_visibility="collapsed",
            **draft.on_change(f"choices_{variable.name}", _put_choices(index)),
        )


def _put_choices(index: int) -> Change:
    def change(spec: AgentSpec, text: str | None) -> AgentSpec:
        choices = tuple(part.strip() for part in (text or "").split(",") if part.strip())
        return _put_variable(index, "choices")(spec, choices)

    return change


def _put_variable(index: int, field: str) -> Change:
    def change(spec: AgentSpec, value: object) -> AgentSpec:
        variables = list(spec.variables)
        variables[index] = msgspec.structs.replace(variables[index], **{field: value})
        return msgspec.structs.replace(spec, variables=tuple(variables))

    return change


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
