"""Evaluations: the list, and the way to a new one."""

import streamlit as st

from core.bootstrap import App
from core.domain.evaluation import Evaluation, Progress
from core.services.evaluation_report import Report
from pages.components.evaluation.words import status_badge
from pages.components.frame import empty_state, page_header, quiet
from pages.components.session import get_app, int_param, may, show_said
from pages.components.text import counted, plain

SHOWN, MORE = 12, 24
MOST_CELLS = 2_000
"""Of larger evaluations the pass rates stand on their own page: a list is not to wait for them."""


def card(app: App, evaluation: Evaluation) -> None:
    progress = app.evaluations.progress(evaluation)
    with st.container(border=True, gap="small", height="stretch", key=f"row_evaluation_{evaluation.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f":primary[:material/rule:] **{plain(evaluation.name)}**", width="stretch")
            status_badge(evaluation)
        quiet(
            counted(len(evaluation.plan.variants), "variant"),
            counted(progress.cells, "run"),
            counted(len(evaluation.evaluators), "evaluator"),
            evaluation.created_at,
            small=True,
        )
        if evaluation.status in {"running", "paused"}:
            share(progress)
        if progress.cells <= MOST_CELLS:
            rates(app.evaluation_reports.report(evaluation))
        st.space("stretch")
        if st.button("Open", key=f"open_{evaluation.id}", icon=":material/open_in_full:"):
            st.switch_page("evaluation.py", query_params={"evaluation": str(evaluation.id)})


def share(progress: Progress) -> None:
    done = progress.ended + progress.impossible
    st.progress(done / progress.cells if progress.cells else 1.0, f"{done:,} of {progress.cells:,} runs")


def rates(report: Report) -> None:
    """The pass rate of each variant, the best ones first."""
    judged = [one for one in report.variants if one.summary.pass_rate is not None]
    for one in sorted(judged, key=lambda one: one.summary.pass_rate or 0.0, reverse=True)[:4]:
        with st.container(horizontal=True, horizontal_alignment="distribute", gap="small", wrap=False):
            st.caption(plain(one.name))
            st.markdown(f"**{one.summary.pass_rate:.0%}**", width="content")


def main() -> None:
    app = get_app()
    with page_header("Evaluations", "Variants on the items of a dataset, each answer judged"):
        if may("builder") and st.button("New evaluation", icon=":material/add:", type="primary"):
            st.switch_page("evaluation_new.py")
    show_said()
    found = app.evaluations.list()
    if not found and not may("builder"):
        st.caption("There is no evaluation yet.")
        return
    if not found:
        if empty_state(
            ":material/rule:",
            "Try every change on all the inputs that matter, and see whether it is better or noise.",
            "Begin an evaluation",
            "two prompts on twenty questions, judged by what the answer has to contain.",
        ):
            st.switch_page("evaluation_new.py")
        return
    count = int_param("count", SHOWN)
    with st.grid("auto", min_column_width=340, gap="medium"):
        for evaluation in found[:count]:
            card(app, evaluation)
    if len(found) > count:
        st.button(
            "Show earlier ones", icon=":material/expand_more:", type="tertiary", on_click=show, args=(count + MORE,)
        )


def show(count: int) -> None:
    st.query_params["count"] = str(count)


main()
