"""Prompts: the library of system and user prompts, each with its versions."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from core.bootstrap import App
from core.domain.prompt import Prompt, PromptKind
from pages.components.frame import empty_state, page_header, quiet
from pages.components.prompt_editor import edit_prompt, new_prompt, versions
from pages.components.prompt_files import export_dialog, import_dialog
from pages.components.prompt_use import use_button, used_by
from pages.components.session import get_app, show_said
from pages.components.text import counted, plain, short

KINDS: dict[str, PromptKind] = {"System prompts": "system", "User prompts": "user"}
WHAT: dict[PromptKind, str] = {
    "system": "A system prompt tells an agent who it is. Insert it in the editor, or keep one from there.",
    "user": "A user prompt is a message that you send more than once, with blanks to fill in.",
}
HALVES = (2, 3)
MOST_ROWS = 60
Part = Literal["Edit", "Versions"]


def chosen_kind() -> PromptKind:
    """The address holds the choice; the widget only shows it."""
    default = "User prompts" if st.query_params.get("kind") == "user" else "System prompts"
    key = f"prompt_kind_{default}"
    label = st.segmented_control(
        "Kind",
        list(KINDS),
        default=default,
        required=True,
        label_visibility="collapsed",
        key=key,
        on_change=lambda: open_prompt(KINDS[st.session_state[key]], None),
    )
    return KINDS[label or default]


def open_prompt(kind: PromptKind, name: str | None) -> None:
    st.query_params.clear()
    st.query_params["kind"] = kind
    if name is not None:
        st.query_params["prompt"] = name


def listing(app: App, kind: PromptKind, open_name: str | None) -> None:
    search = st.text_input(
        "Search",
        placeholder="Search names and texts",
        icon=":material/search:",
        label_visibility="collapsed",
        key="prompt_search",
        live=True,
    )
    found = app.prompts.list(kind, search=search or "")
    if not found:
        st.caption("Nothing found.")
    for prompt in found[:MOST_ROWS]:
        row(prompt, is_open=prompt.name == open_name)
    if len(found) > MOST_ROWS:
        st.caption(f"and {len(found) - MOST_ROWS:,} more: search for what you need")


def row(prompt: Prompt, *, is_open: bool) -> None:
    with st.container(border=is_open, gap="xxsmall", key=f"conv_prompt_{prompt.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.button(
                f"**{plain(prompt.name)}**",
                type="tertiary",
                icon=":material/article:",
                key=f"prompt_{prompt.id}",
                width="stretch",
                on_click=open_prompt,
                args=(prompt.kind, prompt.name),
            )
            if prompt.label:
                st.badge(plain(prompt.label), color="gray")
        quiet(f"version {prompt.number}", short(prompt.text, 70), small=True, clamp=True)


def detail(app: App, kind: PromptKind, name: str) -> None:
    prompt = app.prompts.get(kind, name)
    if prompt is None:
        st.caption("This prompt does not exist any more.")
        return
    all_versions = app.prompts.versions(kind, name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(name), anchor=False, width="stretch")
        use_button(app, prompt)
    quiet(
        f"version {prompt.number}",
        prompt.author,
        prompt.created_at,
        counted(len(prompt.variables), "variable") if prompt.variables else "",
    )
    used_by(app, all_versions)
    parts: dict[Part, Callable[[], None]] = {
        "Edit": lambda: edit_prompt(app, prompt),
        "Versions": lambda: versions(app, all_versions),
    }
    shown = st.segmented_control(
        "Part",
        list(parts),
        default="Edit",
        required=True,
        label_visibility="collapsed",
        format_func=lambda part: f"Versions · {len(all_versions)}" if part == "Versions" else part,
        key=f"prompt_part_{kind}_{name}",
    )
    parts[shown]()


def main() -> None:
    app = get_app()
    with page_header("Prompts", "A library: every version stays, nothing is overwritten."):
        files = st.menu_button("Files", ["Import", "Export"], icon=":material/swap_vert:", key="prompt_files")
        if st.button("New prompt", icon=":material/add:", type="primary"):
            new_prompt(app, "user" if st.query_params.get("kind") == "user" else "system")
    show_said()
    kind = chosen_kind()
    match files:
        case "Import":
            import_dialog(app, kind)
        case "Export":
            export_dialog(app, kind)
    st.caption(WHAT[kind])
    if not app.prompts.list(kind):
        if empty_state(
            ":material/article:",
            "Keep the prompts that work, so that you need not write them again.",
            "Write a prompt",
            "“You are a clerk. Compute with the calculator; never guess a number.”",
            key="first_prompt",
        ):
            new_prompt(app, kind)
        return
    name = st.query_params.get("prompt")
    left, right = st.columns(HALVES, gap="large")
    with left:
        listing(app, kind, name)
    with right:
        if name:
            detail(app, kind, name)
        else:
            st.caption("Choose a prompt to read, edit and compare its versions.")


main()
