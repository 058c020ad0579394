"""How far an evaluation is, while it runs."""

import streamlit as st

from core.bootstrap import App
from core.domain.evaluation import Evaluation, Progress
from pages.components.evaluation.words import progress_words
from pages.components.metrics import metric_row
from pages.components.session import may, say, value_or_say, who
from pages.components.text import cost, duration, grouped, plain

LOOK_S = 1.0


def controls(app: App, evaluation: Evaluation) -> None:
    """Pause, go on, cancel: what fits its state."""
    if not may("builder"):
        return
    if evaluation.status == "running":
        st.button("Pause", icon=":material/pause:", on_click=_pause, args=(app, evaluation))
    if evaluation.status == "paused":
        st.button("Go on", icon=":material/play_arrow:", type="primary", on_click=_resume, args=(app, evaluation))
    if evaluation.status in {"running", "paused"}:
        st.button("Cancel", icon=":material/stop_circle:", type="tertiary", on_click=_cancel, args=(app, evaluation))


def _pause(app: App, evaluation: Evaluation) -> None:
    if value_or_say(app.evaluations.pause(evaluation.id)):
        say("Paused. What is under way goes on to its end.")


def _resume(app: App, evaluation: Evaluation) -> None:
    ceiling = st.session_state.get("raised_ceiling")
    value_or_say(app.evaluations.resume(evaluation.id, ceiling_usd=ceiling))


def _cancel(app: App, evaluation: Evaluation) -> None:
    if value_or_say(app.evaluations.cancel(evaluation.id, who())):
        say("Cancelled. What was done is kept.")


def why_paused(evaluation: Evaluation) -> None:
    """Where nobody paused it: the reason, and what helps."""
    if evaluation.status != "paused" or not evaluation.reason:
        return
    with st.container(border=True, gap="small"):
        st.markdown(f":orange[:material/pause_circle:] **{plain(evaluation.reason)}**")
        if evaluation.ceiling_usd is not None and may("builder"):
            st.number_input(
                "New ceiling, in dollars",
                evaluation.ceiling_usd,
                None,
                evaluation.ceiling_usd * 2,
                format="%g",
                key="raised_ceiling",
                width=220,
            )


@st.fragment(run_every=LOOK_S)
def live(app: App, evaluation: Evaluation) -> None:
    """Looks again every second; the page is drawn anew when the evaluation comes to rest."""
    now = app.evaluations.get(evaluation.id)
    if now is None or now.status != evaluation.status:
        st.rerun()
    else:
        bar(app.evaluations.progress(now))


def bar(progress: Progress) -> None:
    share = (progress.ended + progress.impossible) / progress.cells if progress.cells else 1.0
    st.progress(share, progress_words(progress))
    speed = f"{progress.per_minute:,.0f} / min" if progress.per_minute else "–"
    metric_row(
        [
            ("Done", f"{share:.0%}"),
            ("Failed", grouped(progress.failed + progress.impossible)),
            ("Speed", speed),
            ("Time left", duration(progress.left_s)),
            ("Cost so far", cost(progress.charged_usd) if progress.charged_usd else "–"),
        ]
    )
