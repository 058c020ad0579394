"""A Python function, written as a tool: on the left its text, on the right what a model is told and a place to try it."""

from functools import partial

import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.domain.tool import ToolSpec
from core.services.python_tools import BEGINNING, PythonTool
from pages.components.frame import ask_once, page_header, quiet, section
from pages.components.session import say, show_said, value_or_say, who
from pages.components.text import plain
from pages.components.tool_trial import outcome, trial_form

HALVES = (11, 9)
_CODE_PX = 420
_HELP = (
    "Types become the schema: str, int, float, bool, list[…], dict[str, …], Literal[…], … | None, "
    'Annotated[…, "what it means"]. The docstring is what the model is told.'
)


def python_form(app: App, tool: ToolSpec | None) -> None:
    """`tool` is None for a new one."""
    name = tool.name if tool else ""
    drafted = app.python_tools.draft(name, who())
    written = drafted or (app.python_tools.written(tool) if tool else PythonTool(code=BEGINNING))
    st.button("All tools", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    title = f"Edit {name}" if name else "New Python function"
    with page_header(
        title, "It runs in a sandbox: no files, no network, no packages. What you type is kept as a draft."
    ):
        if drafted and st.button("Discard", icon=":material/delete:"):
            ask_once("Discard the draft?", "What you typed here will be lost.", "Discard", partial(_discard, app, name))
        st.button("Save", type="primary", icon=":material/check:", on_click=_save, args=(app, name))
    show_said()
    with st.container(key="halves"):
        left, right = st.columns(HALVES, gap="large")
        with left:
            _text(app, name, written)
        with right, st.container(key="beside"):
            _told(app, name, written)


def _text(app: App, name: str, written: PythonTool) -> None:
    saves = {"on_change": _put, "args": (app, name)}
    with st.container(key="code_python"):
        st.text_area("Function", written.code, height=_CODE_PX, help=_HELP, key=_key(name, "code"), **saves)
    with st.container(horizontal=True):
        st.number_input("Seconds", 0.1, 60.0, written.seconds, key=_key(name, "seconds"), **saves)
        st.number_input("Memory in MB", 1, 1_024, written.memory_mb, key=_key(name, "memory"), **saves)


def _told(app: App, name: str, written: PythonTool) -> None:
    tool = app.python_tools.read(written)
    if isinstance(tool, Err):
        st.warning(plain(tool.message), icon=":material/edit_note:")
        return
    section(tool.value.name, "what the model is told")
    st.text(tool.value.description)
    with st.expander("Schema", icon=":material/data_object:", type="compact"):
        st.json(tool.value.parameters)
    section("Try it", "As it stands here, recorded as a run.")
    trial_form(tool.value, lambda arguments, _: app.python_tools.try_out(_typed(name), arguments, who()))
    quiet("What came back", small=True)
    outcome(app)


def _typed(name: str) -> PythonTool:
    """What the widgets hold now."""
    state = st.session_state
    return PythonTool(
        code=state[_key(name, "code")] or "",
        seconds=float(state[_key(name, "seconds")]),
        memory_mb=int(state[_key(name, "memory")]),
    )


def _put(app: App, name: str) -> None:
    value_or_say(app.python_tools.put_draft(name, _typed(name), who()))


def _save(app: App, name: str) -> None:
    kept = value_or_say(app.python_tools.keep(_typed(name), who(), is_new=not name))
    if kept is None:
        return
    app.python_tools.discard(name, who())
    say(f"{kept.tool.name} is kept." + (f" {name} is still there." if name not in ("", kept.tool.name) else ""))
    st.query_params.clear()
    st.query_params["tool"] = kept.tool.name


def _discard(app: App, name: str) -> None:
    app.python_tools.discard(name, who())
    for field in ("code", "seconds", "memory"):
        st.session_state.pop(_key(name, field), None)
    _leave()


def _leave() -> None:
    st.query_params.clear()


def _key(name: str, field: str) -> str:
    return f"python_{field}_{name}"
