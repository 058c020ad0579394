"""One prompt of the library: a new version, and what the versions differ in."""

from collections.abc import Sequence

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Variable
from core.domain.diff import text_diff
from core.domain.prompt import Prompt, PromptKind
from core.domain.result import Err
from core.domain.template import render, variables_in
from pages.components.diff import word_diff
from pages.components.editor.instructions import preview
from pages.components.frame import quiet
from pages.components.session import say, value_or_say, who
from pages.components.text import plain
from pages.components.variable_rows import Bind, variable_row

_LABELS = ("draft", "production")


@st.dialog("New prompt", width="large")
def new_prompt(app: App, kind: PromptKind) -> None:
    name = st.text_input("Name", max_chars=100, placeholder="Clerk who calculates")
    text = st.text_area("Text", height=220, placeholder="Write {{name}} for a variable.")
    if not st.button("Save", type="primary"):
        return
    saved = app.prompts.save(kind, (name or "").strip(), text or "", as_variables(text or "", ()), who())
    if isinstance(saved, Err):
        st.error(plain(saved.message), icon=":material/error:")
        return
    st.query_params["kind"] = kind
    st.query_params["prompt"] = saved.value.name
    st.rerun()


def edit_prompt(app: App, prompt: Prompt) -> None:
    """Text and label; saving makes a new version, unless nothing changed."""
    key = f"prompt_text_{prompt.id}"
    text = st.text_area("Text", prompt.text, height=260, label_visibility="collapsed", key=key, persist_state="session")
    variables = tuple(
        variable_row(variable, _bind(prompt, variable.name)) for variable in as_variables(text or "", prompt.variables)
    )
    label = st.selectbox(
        "Label",
        list(dict.fromkeys([*_LABELS, *([prompt.label] if prompt.label else [])])),
        index=None if not prompt.label else list(dict.fromkeys([*_LABELS, prompt.label])).index(prompt.label),
        placeholder="no label",
        accept_new_options=True,
        help="What this version is for.",
        key=f"prompt_label_{prompt.id}",
        width=220,
    )
    with st.expander("Preview as sent", icon=":material/visibility:", type="compact"):
        preview(render(text or "", variables, {}))
    is_other = (text, variables) != (prompt.text, prompt.variables)
    changed = is_other or (label or "") != prompt.label
    st.button(
        f"Save as version {prompt.number + 1}" if is_other else "Save",
        type="primary",
        icon=":material/save:",
        disabled=not changed,
        on_click=save,
        args=(app, prompt, text or "", variables, label or ""),
    )


def _bind(prompt: Prompt, name: str) -> Bind:
    """The widgets begin from this version; what they hold is read where they are drawn."""
    return lambda field, _put: {"key": f"prompt_{field}_{name}_{prompt.id}", "persist_state": "session"}


def save(app: App, prompt: Prompt, text: str, variables: tuple[Variable, ...], label: str) -> None:
    saved = value_or_say(app.prompts.save(prompt.kind, prompt.name, text, variables, who(), label=label))
    if saved is not None:
        say(f"Version {saved.number} is saved.")


def as_variables(text: str, known: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """The variables that a text uses; new names are text."""
    by_name = {variable.name: variable for variable in known}
    return tuple(by_name.get(name, Variable(name)) for name in variables_in(text))


def versions(app: App, found: Sequence[Prompt]) -> None:
    by_number = {version.number: version for version in found}
    if len(found) > 1:
        numbers = list(by_number)
        left, right = st.columns(2, gap="small")
        before = left.selectbox("From version", numbers, index=1)
        after = right.selectbox("To version", numbers, index=0)
        with st.container(border=True):
            word_diff(text_diff(by_number[before].text, by_number[after].text))
    for version in found:
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**Version {version.number}**", width="stretch")
                if version.label:
                    st.badge(plain(version.label), color="gray")
                if version is not found[0]:
                    st.button(
                        "Use again",
                        icon=":material/history:",
                        type="tertiary",
                        help="Makes a new version with this text.",
                        key=f"use_{version.id}",
                        on_click=save,
                        args=(app, version, version.text, version.variables, version.label),
                    )
            quiet(version.author or "nobody signed in", version.created_at, small=True)
            st.text(version.text if len(version.text) <= 600 else f"{version.text[:600]} …")
