"""What can be proven of a run: its chain of hashes, its replay; and what can be made of it."""

import streamlit as st

from core.bootstrap import App
from core.domain.result import Err
from core.domain.run import ENDED
from core.services.runs import RunView
from pages.components.frame import quiet
from pages.components.session import may, say, value_or_say, who
from pages.components.text import counted, plain


def proof(app: App, view: RunView) -> None:
    _checks(app, view)
    _fork(app, view)
    _export(app, view)


def _checks(app: App, view: RunView) -> None:
    with st.container(border=True, gap="small"):
        st.markdown("**The journal proves itself**")
        with st.container(horizontal=True, gap="small"):
            verify = st.button("Check the hashes", icon=":material/link:", key="verify")
            again = st.button(
                "Replay",
                icon=":material/replay:",
                key="replay",
                help="Every decision is made again from the recorded answers. Nothing is asked or executed.",
            )
        if verify:
            _verdict_of_hashes(app, view)
        if again:
            _verdict_of_replay(app, view)


def _verdict_of_hashes(app: App, view: RunView) -> None:
    result = app.proofs.verify(view.run.id)
    if isinstance(result, Err):
        st.caption(plain(result.message))
    elif broken := result.value.first_break:
        st.markdown(f":red[:material/error:] Entry {broken.seq}: {plain(broken.what)}")
    else:
        entries = counted(result.value.entries, "entry", "entries")
        st.markdown(f":green[:material/verified:] {entries}, and not one was changed.")


def _verdict_of_replay(app: App, view: RunView) -> None:
    result = app.proofs.replay(view.run.id)
    if isinstance(result, Err):
        st.caption(plain(result.message))
    elif result.value.identical:
        requests = counted(result.value.requests, "request")
        st.markdown(f":green[:material/verified:] Identical: every decision, and {requests} to the byte.")
    else:
        st.markdown(f":red[:material/error:] {plain(result.value.difference)}")


def _fork(app: App, view: RunView) -> None:
    steps = [step.number for step in view.state.steps]
    if not steps or view.run.status not in ENDED or not may("builder"):
        return
    with st.container(border=True, gap="small"):
        st.markdown("**Branch off**")
        quiet("A new run takes over the steps before and asks the model again from there.", small=True)
        step = st.selectbox("From step", steps, index=len(steps) - 1, key="fork_step")
        st.button("Branch off", icon=":material/call_split:", key="fork", on_click=fork, args=(app, view, step))


def fork(app: App, view: RunView, step: int) -> None:
    branch = value_or_say(app.proofs.fork(view.run.id, step, who()))
    if branch is not None:
        st.query_params["run"] = str(branch.id)
        say(f"This is the branch: it asks the model again from step {step}.")


def _export(app: App, view: RunView) -> None:
    with st.container(border=True, gap="small"):
        st.markdown("**Take it along**")
        quiet("The journal as one file, without secrets; it is checked where it is read in.", small=True)
        result = app.bundles.export(view.run.id)
        if isinstance(result, Err):
            st.caption(plain(result.message))
            return
        st.download_button(
            "Export",
            result.value,
            file_name=f"run-{view.run.id}.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
        )
