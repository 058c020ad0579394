"""One evaluation: how far it is, what it came to, every answer."""

import re

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.evaluation import Evaluation
from core.domain.result import Err
from core.services.evaluation_report import Report, csv_pieces, json_pieces, report_object
from pages.components.evaluation.choose_evaluators import evaluators_form, forget
from pages.components.evaluation.go_live import go_live
from pages.components.evaluation.progress import bar, controls, live, why_paused
from pages.components.evaluation.results import results
from pages.components.evaluation.summary import summary
from pages.components.evaluation.words import status_badge
from pages.components.frame import empty_state, page_header, section
from pages.components.session import get_app, may, say, show_said, uuid_param
from pages.components.text import counted, plain, short

PARAM = "evaluation"
_NO_NAME = re.compile(r"[^\w-]+")


@st.dialog("Judge the answers again", width="large")
def judge_again(app: App, evaluation: Evaluation) -> None:
    st.caption("No variant is asked again. Scores of before are kept, each with the revision of its evaluator.")
    given = [used.evaluator for used in evaluation.evaluators]
    evaluators = evaluators_form(app, f"again_{evaluation.id}", given)
    if st.button("Judge", type="primary", icon=":material/gavel:"):
        result = app.evaluations.judge_again(evaluation.id, evaluators)
        if isinstance(result, Err):
            st.error(plain(result.message), icon=":material/error:")
            return
        say("The answers are judged again.")
        st.rerun()


def head(app: App, report: Report) -> None:
    evaluation = report.evaluation
    dataset = app.datasets.get(evaluation.dataset_id)
    plan = evaluation.plan
    with page_header(
        evaluation.name,
        f"{dataset.name if dataset else 'Dataset'}, version {evaluation.version}",
        counted(len(plan.variants), "variant"),
        counted(len(evaluation.evaluators), "evaluator"),
        *([f"{plan.repeats} times each"] if plan.repeats > 1 else []),
        ("started", evaluation.created_at),
        evaluation.created_by,
    ):
        status_badge(evaluation)
        controls(app, evaluation)
        if (
            evaluation.status in {"paused", "done"}
            and may("builder")
            and st.button("Judge again", icon=":material/gavel:")
        ):
            forget(f"again_{evaluation.id}")
            judge_again(app, evaluation)
        with st.popover("Export", icon=":material/download:"):
            exports(app, report)


def exports(app: App, report: Report) -> None:
    evaluation = report.evaluation
    name = _NO_NAME.sub("-", evaluation.name.lower()).strip("-")[:60] or "evaluation"
    makers = {
        "csv": ("CSV", "text/csv", lambda: "".join(csv_pieces(evaluation, app.evaluation_reports.cells(evaluation)))),
        "json": ("JSON", "application/json", lambda: whole(app, report)),
    }
    for form, (label, mime, make) in makers.items():
        st.download_button(
            f"Download {label}",
            make,
            file_name=f"{name}.{form}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"export_{form}",
        )


def whole(app: App, report: Report) -> bytes:
    """Numbers and every cell."""
    head = msgspec.json.encode(report_object(report)).removesuffix(b"}")
    cells = json_pieces(report.evaluation, app.evaluation_reports.cells(report.evaluation))
    return b"".join([head, b',"cells":', *cells, b"}"])


def opened(app: App, evaluation: Evaluation) -> None:
    report = app.evaluation_reports.report(evaluation)
    head(app, report)
    show_said()
    why_paused(evaluation)
    if evaluation.status == "running":
        live(app, evaluation)
    elif report.progress.ended + report.progress.impossible < report.progress.cells:
        bar(report.progress)
    if report.progress.ended or report.progress.impossible:
        summary(report)
        go_live(app, evaluation)
        missing(report)
        results(app, report)
    elif evaluation.status == "running":
        st.caption("The first answers are on their way. You may leave this page: nothing depends on it.")


def missing(report: Report) -> None:
    """What only recorded results could have answered, and nobody had recorded."""
    found = report.not_recorded
    if not found:
        return
    with st.container(border=True, gap="small"):
        section("Not recorded", "these calls were refused, since nothing recorded has their arguments")
        rows = [{"Tool": one.tool, "Arguments": short(one.arguments, 300), "Runs": one.cells} for one in found]
        st.dataframe(rows, hide_index=True)


def main() -> None:
    app = get_app()
    evaluation_id = uuid_param(PARAM)
    evaluation = app.evaluations.get(evaluation_id) if evaluation_id else None
    if evaluation is not None:
        opened(app, evaluation)
        return
    page_header("Evaluation")
    if empty_state(":material/search_off:", "There is no such evaluation here.", "See all evaluations"):
        st.switch_page("evaluations.py")


main()
