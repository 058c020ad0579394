"""Runs that only a person can bring further, each with what it asks, answered in place."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.bootstrap import App
from core.domain.api_document import ApiDocument
from core.domain.run import Run
from core.domain.tool_source import ToolSource
from core.services.runs import RunView
from pages.components.decide import decide
from pages.components.frame import quiet
from pages.components.state import effect_state
from pages.components.text import counted, plain, short
from pages.components.tool import tool_card

_SHOWN = 5
_INPUT_CHARS = 90


def needs_you(app: App, waiting: Sequence[Run]) -> None:
    for view in app.runs.views([run.id for run in waiting[:_SHOWN]]):
        _need(app, view)
    if len(waiting) > _SHOWN:
        st.page_link(
            "runs.py",
            label=f"{len(waiting) - _SHOWN} more wait",
            icon=":material/arrow_forward:",
            query_params={"state": "Waiting", "time": "All time"},
        )


def drifted_need(source: ToolSource) -> None:
    """A server that describes tools otherwise than what was accepted."""
    with (
        st.container(border=True, gap="small", key=f"need_{source.name}"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        with st.container(gap=None, width="stretch"):
            changed = f"{counted(len(source.drifts), 'tool')} changed since you accepted it"
            st.markdown(f":orange[:material/difference:] **{plain(source.name)}: {changed}**")
            quiet(", ".join(drift.tool for drift in source.drifts), ("asked", source.checked_at), clamp=True)
        if st.button("Look at it", key=f"drift_{source.name}", icon=":material/arrow_forward:"):
            st.switch_page("tools.py", query_params={"source": source.name})


def drifted_document(document: ApiDocument) -> None:
    """An OpenAPI document that describes the tools in use otherwise than what was accepted."""
    with (
        st.container(border=True, gap="small", key=f"need_{document.source}"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        with st.container(gap=None, width="stretch"):
            changed = f"{counted(len(document.drifts), 'operation')} changed since you accepted it"
            st.markdown(f":orange[:material/difference:] **{plain(short(document.source, 60))}: {changed}**")
            quiet(", ".join(one.operation for one in document.drifts), ("read", document.checked_at), clamp=True)
        if st.button("Look at it", key=f"drift_{document.source}", icon=":material/arrow_forward:"):
            st.switch_page("tools.py", query_params={"document": document.source})


def _need(app: App, view: RunView) -> None:
    run = view.run
    with st.container(border=True, gap="small", key=f"need_{run.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**{plain(short(run.input, _INPUT_CHARS))}**")
                quiet(run.agent_name or "No saved agent", run.model, run.created_at)
            if st.button("Open", key=f"open_{run.id}", type="tertiary", icon=":material/open_in_new:"):
                open_run(run)
        for step in view.state.steps:
            for call in step.calls:
                state = effect_state(view.state, call)
                if state in {"waiting", "unknown"}:
                    tool_card(call, state, place=f"home_{run.id}", decide=partial(decide, app, run))


def open_run(run: Run) -> None:
    """Where the run is read: its conversation, or its own page."""
    if run.conversation_id and run.kind == "chat":
        st.switch_page("chat.py", query_params={"conversation": str(run.conversation_id), "leaf": str(run.id)})
    st.switch_page("run.py", query_params={"run": str(run.id)})
