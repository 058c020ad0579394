"""One run beside another: what was set otherwise, and where what happened begins to differ."""

from collections.abc import Sequence
from html import escape
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.domain.run import Run
from core.domain.run_diff import Difference, RunDiff
from core.domain.run_query import RunFilter
from pages.components.session import uuid_param
from pages.components.text import ago, plain, short

_OFFERED = 20
_CHOICE, _WRITTEN = "differs_from", "differs_from_id"


def run_differences(app: App, run: Run) -> None:
    """The address names the other run, so that the difference can be shown to somebody else."""
    other = uuid_param("with")
    _ask(app, run, other)
    if other is None:
        st.caption("Choose another run to see where the two begin to differ.")
        return
    result = app.proofs.diff(run.id, other)
    if isinstance(result, Err):
        st.error(plain(result.message), icon=":material/error:")
        return
    st.page_link("run.py", label="Open the other run", icon=":material/receipt_long:", query_params={"run": str(other)})
    _difference(result.value)


def _ask(app: App, run: Run, other: UUID | None) -> None:
    near = app.runs.list(RunFilter(agent_id=run.agent_id, kind=(run.kind,)), limit=_OFFERED + 1)
    offered = {str(one.id): f"{short(one.input, 50)} · {ago(one.created_at)}" for one in near if one.id != run.id}
    ids = list(offered)
    st.selectbox(
        "With a run like it",
        ids,
        index=ids.index(str(other)) if str(other) in ids else None,
        format_func=offered.__getitem__,
        placeholder="The newest of the same agent",
        key=_CHOICE,
        on_change=_choose,
        args=(_CHOICE,),
    )
    st.text_input("Or by its id", key=_WRITTEN, on_change=_choose, args=(_WRITTEN,), placeholder="0199c0de-…")


def _choose(key: str) -> None:
    st.query_params["with"] = str(st.session_state[key] or "").strip()


def _difference(found: RunDiff) -> None:
    if not found.settings and not found.steps:
        st.markdown(":green[:material/check_circle:] Nothing differs: neither what was set nor what happened.")
        return
    if found.first is not None:
        st.markdown(f"They part at **{plain(found.first.where)}**.")
    _table("What was set", found.settings)
    _table("What happened", found.steps)


def _table(title: str, rows: Sequence[Difference]) -> None:
    if not rows:
        return
    st.markdown(f"**{title}**")
    cells = "".join(
        f'<tr><th scope="row">{escape(row.where)}</th><td>{escape(row.a)}</td><td>{escape(row.b)}</td></tr>'
        for row in rows
    )
    head = '<tr><th scope="col">Where</th><th scope="col">This run</th><th scope="col">The other</th></tr>'
    st.html(f'<div class="scroll" tabindex="0"><table class="structured">{head}{cells}</table></div>')
