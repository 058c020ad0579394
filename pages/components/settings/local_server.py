"""The process of a local model on the screen: what it does, what it takes, who relies on it."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.bootstrap import App
from core.domain.local_model import ModelFile, ServerState, ServerStatus
from core.domain.result import Result
from pages.components.frame import Part, quiet
from pages.components.session import value_or_say, who
from pages.components.text import counted, size

_NAMED = 3
_STATES: dict[ServerState, str] = {
    "stopped": ":gray[:material/stop_circle:] Not running",
    "starting": ":blue[:material/progress_activity:] Starting",
    "awake": ":green[:material/check_circle:] Running",
    "asleep": ":gray[:material/bedtime:] Asleep",
    "failed": ":red[:material/error:] Could not be started",
}
_MEANS: dict[ServerState, str] = {
    "stopped": "starts with the first question",
    "starting": "the file is being loaded",
    "awake": "gives its memory back after 15 minutes without a question",
    "asleep": "its memory is given back; wakes with the next question",
    "failed": "",
}


@dataclass(frozen=True, slots=True)
class Facts:
    answering: str
    """The file that answers where an agent names no endpoint; empty: another endpoint does."""
    users: dict[str, tuple[str, ...]]
    """Names of the agents by file."""


def is_moving(state: ServerState) -> bool:
    """Whether it can change by itself."""
    return state in {"starting", "awake", "asleep"}


def server(app: App, file: ModelFile, facts: Facts) -> None:
    """A line with its state, one with what it can do, and the buttons."""
    status = app.local_models.status(file.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="stretch"):
            st.markdown(_STATES[status.state])
            quiet(*_about(status), small=True)
        if file.name == facts.answering:
            st.badge("Answers now", icon=":material/check_circle:", color="green")
        elif st.button("Use by default", key=f"use_{file.name}"):
            given(app.local_models.use(file.name, who()))
        _start_or_stop(app, file.name, status)
    if status.message:
        st.text(status.message)
    quiet(_tools(file), _users(facts.users.get(file.name, ())), small=True)


def _about(status: ServerStatus) -> list[Part]:
    memory = f"{size(status.memory_bytes)} of memory" if status.memory_bytes else ""
    since: list[Part] = [("since", status.since)] if status.since else []
    return [*since, memory, _MEANS[status.state]]


def given(result: Result[Any]) -> None:
    """After a button: say what was refused, and draw the whole page anew."""
    value_or_say(result)
    st.rerun()


def _start_or_stop(app: App, name: str, status: ServerStatus) -> None:
    if is_moving(status.state):
        if st.button("Stop", icon=":material/stop_circle:", key=f"power_{name}"):
            given(app.local_models.stop(name, who()))
    elif st.button("Start", icon=":material/play_arrow:", key=f"power_{name}"):
        given(app.local_models.start(name, who()))


def _tools(file: ModelFile) -> str:
    match file.supports_tools:
        case True:
            return "Calls tools"
        case False:
            return "Cannot call tools: agents answer without them"
        case None:
            return "Whether it calls tools shows when it runs"


def _users(names: tuple[str, ...]) -> str:
    if not names:
        return "No agent uses it"
    more = f" and {counted(len(names) - _NAMED, 'more', 'more')}" if len(names) > _NAMED else ""
    return f"Used by {', '.join(names[:_NAMED])}{more}"
