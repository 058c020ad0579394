"""New evaluation: which items, which variants, judged by what; how much it will take, before it starts."""

import streamlit as st

from core.bootstrap import App, get_app
from core.domain.evaluation import MOST_PARALLEL, MOST_REPEATS, Estimate
from core.domain.evaluator import Evaluator
from core.domain.result import Err
from core.domain.run import ToolMode
from core.domain.variant import Variant
from core.services.datasets import DatasetSummary
from core.services.evaluations import NewEvaluation
from pages.components.compare.board import standing
from pages.components.evaluation.choose_evaluators import evaluators_form
from pages.components.evaluation.choose_variants import variants_form
from pages.components.frame import empty_state, page_header, section
from pages.components.metrics import metric_row
from pages.components.session import say, show_said, uuid_param, who
from pages.components.text import cost, counted, grouped, plain

MODES: dict[str, ToolMode] = {"Dry run": "dry_run", "Live": "live"}
MODE_WORDS = {
    "Dry run": "Tools that change the world are not executed; those that only look are.",
    "Live": "Every tool is executed, once for each run. What it changes is not undone.",
}


def compared(app: App) -> tuple[Variant, ...]:
    """The columns of the comparison that the address names, as its variants."""
    comparison_id = uuid_param("comparison")
    comparison = app.comparisons.get(comparison_id) if comparison_id else None
    if comparison is None:
        return ()
    names = [f"**{one.letter}** {plain(one.title)}" for one in standing(app, comparison)]
    st.caption(f":material/view_column: The columns of the comparison {plain(comparison.title)}: {' · '.join(names)}")
    return tuple(column.variant for column in comparison.shown)


def choose_dataset(found: dict[str, DatasetSummary]) -> DatasetSummary | None:
    section("Items")
    name = st.selectbox(
        "Dataset",
        list(found),
        index=None if len(found) > 1 else 0,
        placeholder="Choose a dataset",
        label_visibility="collapsed",
        key="dataset",
        bind="query-params",
    )
    dataset = found.get(name or "")
    if dataset is not None:
        st.caption(f"{counted(dataset.items, 'item')} of version {dataset.dataset.version}, which then stays as it is.")
    return dataset


def settings() -> tuple[int, int, ToolMode, float | None]:
    section("How")
    with st.grid("auto", min_column_width=200, gap="small"):
        repeats = st.number_input(
            "Times each item is asked",
            1,
            MOST_REPEATS,
            1,
            key="repeats",
            bind="query-params",
            help="More than once shows the spread",
        )
        parallel = st.number_input(
            "Runs at once", 1, MOST_PARALLEL, 4, key="parallel", bind="query-params", help="At each endpoint"
        )
        ceiling = st.number_input(
            "Cost at most, in dollars",
            0.0001,
            None,
            None,
            0.5,
            format="%g",
            placeholder="No ceiling",
            key="ceiling",
            bind="query-params",
            help="Reserved before each run, so that runs at once cannot overshoot it",
        )
    mode = st.segmented_control("Tools", list(MODES), default="Dry run", required=True, key="mode", bind="query-params")
    st.caption(MODE_WORDS[mode or "Dry run"])
    return repeats or 1, parallel or 4, MODES[mode or "Dry run"], ceiling


def takes(estimate: Estimate) -> None:
    calls = grouped(estimate.calls)
    if estimate.most_calls > estimate.calls:
        calls = f"{calls} – {grouped(estimate.most_calls)}"
    bound = (
        "not known" if estimate.bound_usd is None else "nothing" if not estimate.bound_usd else cost(estimate.bound_usd)
    )
    metric_row(
        [
            ("Items", grouped(estimate.items)),
            ("Runs", grouped(estimate.runs)),
            ("Model calls", calls),
            ("Costs at most", bound),
        ]
    )
    for note in estimate.notes:
        st.caption(f":orange[:material/info:] {plain(note)}")


def start(app: App, wanted: NewEvaluation) -> None:
    started = app.evaluations.start(wanted, who())
    if isinstance(started, Err):
        say(started.message, failed=True)
        st.rerun()
    else:
        st.switch_page("evaluation.py", query_params={"evaluation": str(started.value.id)})


def summed_up(app: App, wanted: NewEvaluation) -> None:
    estimate = app.evaluations.estimate(wanted)
    with st.container(border=True, gap="small"):
        section("What it takes")
        if isinstance(estimate, Err):
            st.caption(f":red[:material/error:] {plain(estimate.message)}")
            return
        takes(estimate.value)
        if st.button("Start the evaluation", type="primary", icon=":material/play_arrow:"):
            start(app, wanted)


def form(app: App, found: dict[str, DatasetSummary]) -> None:
    name = st.text_input(
        "Name", placeholder="Which prompt answers prices best?", max_chars=100, key="name", bind="query-params"
    )
    dataset = choose_dataset(found)
    section("Variants", "each answers every item")
    variants = compared(app) or variants_form(app)
    section("Judged by", "an answer passes when each of them lets it pass")
    evaluators = evaluators_form(app, "new")
    repeats, parallel, mode, ceiling = settings()
    if lacking := missing(dataset, variants):
        st.caption(f"Choose {lacking} to see what it takes.")
        return
    assert dataset is not None
    summed_up(
        app,
        NewEvaluation(
            name=(name or "").strip() or named(dataset, variants, evaluators),
            dataset_id=dataset.dataset.id,
            variants=variants,
            evaluators=evaluators,
            repeats=repeats,
            parallel=parallel,
            tool_mode=mode,
            ceiling_usd=ceiling,
        ),
    )


def missing(dataset: DatasetSummary | None, variants: tuple[Variant, ...]) -> str:
    return " and ".join([*(["a dataset"] if dataset is None else []), *(["an agent"] if not variants else [])])


def named(dataset: DatasetSummary, variants: tuple[Variant, ...], evaluators: tuple[Evaluator, ...]) -> str:
    """A name for who gave none."""
    judged = f", {counted(len(evaluators), 'evaluator')}" if evaluators else ""
    return f"{dataset.dataset.name[:50]}: {counted(len(variants), 'variant')}{judged}"


def main() -> None:
    app = get_app()
    page_header("New evaluation", "Every variant answers every item; each answer is a run that you can open")
    show_said()
    found = {row.dataset.name: row for row in app.datasets.list() if row.items}
    if found:
        form(app, found)
    elif empty_state(
        ":material/dataset:",
        "An evaluation needs items to be asked: inputs, and what you expect of them.",
        "Begin a dataset",
        "twenty questions of customers, each with the answer you want to see.",
    ):
        st.switch_page("datasets.py")


main()
