"""How long runs and the log are kept, and what would go now."""

import streamlit as st

from core.bootstrap import App
from core.domain.retention import LONGEST_DAYS, Retention
from core.services.bench import Progress
from core.services.retention import Preview
from pages.components.frame import ask_once, quiet, section
from pages.components.session import say, value_or_say, who
from pages.components.text import counted, plain, size

_PULSE_S = 1.0


def retention(app: App) -> None:
    section("Retention")
    st.caption(
        "Everything is kept for ever unless you set a number of days. What is older goes in the background, once an hour: "
        "runs as a whole, with their journals and the files that nothing else names. Of each run a mark stays, with its "
        "dates and its last hash, so that the journal check still proves the rest and names what went."
    )
    policy = app.retention.policy()
    wanted = _form(policy)
    st.space("small")
    _would_go(app.retention.preview(wanted), wanted)
    _buttons(app, policy, wanted)
    _sweep(app)


def _form(policy: Retention) -> Retention:
    with st.container(border=True, width=640):
        runs_days = _days("Keep runs for, in days after they ended", policy.runs_days, "retention_runs")
        log_days = _days("Keep closed files of the log for, in days", policy.log_days, "retention_log")
    return Retention(runs_days=runs_days, log_days=log_days)


def _days(label: str, given: int | None, key: str) -> int | None:
    return st.number_input(label, 1, LONGEST_DAYS, given, 1, placeholder="for ever", key=key)


def _would_go(preview: Preview, wanted: Retention) -> None:
    section("What that means now")
    if wanted == Retention():
        st.markdown(":green[:material/all_inclusive:] Nothing is ever removed.")
        return
    since = [("the first of them began", preview.since)] if preview.since else []
    st.markdown(f"**{counted(preview.runs, 'run')}** with {counted(preview.entries, 'entry', 'entries')} would go.")
    quiet(
        *since,
        f"{counted(preview.log_files, 'file')} of the log, {size(preview.log_bytes)}" if wanted.log_days else "",
        f"{counted(preview.kept, 'run')} of that age stay: evaluations, comparisons or a younger part of their "
        "conversation need them, or they have not ended"
        if preview.kept
        else "",
        small=True,
    )


def _buttons(app: App, policy: Retention, wanted: Retention) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button("Keep it like this", type="primary", disabled=wanted == policy, key="retention_set"):
            _ask(app, wanted)
        st.button(
            "Remove now",
            icon=":material/delete_sweep:",
            on_click=_begin,
            args=(app,),
            disabled=policy == Retention() or wanted != policy or app.retention.progress().is_running,
            help="Not only at the next full hour. What goes is what stands above.",
            key="retention_now",
        )


def _ask(app: App, wanted: Retention) -> None:
    if wanted == Retention():
        _set(app, wanted)
        st.rerun()
    found = app.retention.preview(wanted)
    ask_once(
        "Keep it like this?",
        f"{counted(found.runs, 'run')} and {counted(found.log_files, 'file')} of the log go within the next hour, later "
        "ones as they grow old. What has gone comes back only from a backup.",
        "Remove what is older",
        lambda: _set(app, wanted),
    )


def _set(app: App, wanted: Retention) -> None:
    if value_or_say(app.retention.set(wanted, who())) is not None:
        say("Kept like this from now on.")


def _begin(app: App) -> None:
    value_or_say(app.retention.begin(who()))


def _sweep(app: App) -> None:
    was_running = app.retention.progress().is_running

    def live() -> None:
        progress = app.retention.progress()
        if progress.is_running != was_running:
            st.rerun()
        _progress(progress)

    st.fragment(live, run_every=_PULSE_S if was_running else None, key="retention_live")()


def _progress(progress: Progress[int]) -> None:
    removed = counted(sum(progress.found), "run")
    if progress.is_running:
        st.markdown(f":primary[:material/hourglass_top: {removed} removed so far…]")
    elif progress.trouble:
        st.error(plain(progress.trouble), icon=":material/error:")
    elif progress.began_at is not None:
        st.markdown(f":green[:material/check_circle:] {removed} removed.")
        quiet(progress.began_at, small=True)
