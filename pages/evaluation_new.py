"""New evaluation: which items, which variants, judged by what; how much it will take, before it starts."""

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.evaluation import MOST_PARALLEL, MOST_REPEATS
from core.domain.evaluator import Evaluator
from core.domain.run import ToolMode
from core.domain.variant import Variant
from core.services.datasets import DatasetSummary
from core.services.evaluations import NewEvaluation
from pages.components.compare.board import standing
from pages.components.evaluation.choose_evaluators import DEFAULT, evaluators_form, forget
from pages.components.evaluation.choose_variants import variants_form
from pages.components.evaluation.start import what_it_takes
from pages.components.frame import empty_state, page_header, section
from pages.components.session import get_app, show_said, uuid_param
from pages.components.text import counted, plain

JUDGES = "judges"
_WRITTEN = "judges_in_the_address"
MODES: dict[str, ToolMode] = {"Dry run": "dry_run", "Recorded": "recorded", "Live": "live"}
MODE_WORDS = {
    "Dry run": "Tools that change the world are not executed; those that only look are.",
    "Recorded": "No tool is executed: results of earlier calls with the same arguments stand in. What is missing is named.",
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
            help="Set aside before each model call, so that runs at once cannot overshoot it",
        )
    mode = st.segmented_control("Tools", list(MODES), default="Dry run", required=True, key="mode", bind="query-params")
    st.caption(MODE_WORDS[mode or "Dry run"])
    return repeats or 1, parallel or 4, MODES[mode or "Dry run"], ceiling


def summed_up(app: App, wanted: NewEvaluation) -> None:
    with st.container(border=True, gap="small"):
        section("What it takes")
        what_it_takes(app, wanted)


def form(app: App, found: dict[str, DatasetSummary]) -> None:
    name = st.text_input(
        "Name", placeholder="Which prompt answers prices best?", max_chars=100, key="name", bind="query-params"
    )
    dataset = choose_dataset(found)
    section("Variants", "each answers every item")
    variants = compared(app) or variants_form(app)
    section("Judged by", "an answer passes when each of them lets it pass")
    evaluators = judged_by(app)
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


def judged_by(app: App) -> tuple[Evaluator, ...]:
    """The evaluators; they stand in the address, so a reload loses nothing."""
    address = st.query_params.get(JUDGES, "")
    if address != st.session_state.get(_WRITTEN, ""):  # another link was followed
        forget("new")
    evaluators = evaluators_form(app, "new", from_address(address))
    text = "" if evaluators == DEFAULT else msgspec.json.encode(evaluators).decode()
    st.session_state[_WRITTEN] = text
    if text:
        st.query_params[JUDGES] = text
    else:
        st.query_params.pop(JUDGES, None)
    return evaluators


def from_address(text: str) -> tuple[Evaluator, ...]:
    try:
        return msgspec.json.decode(text, type=tuple[Evaluator, ...])
    except msgspec.MsgspecError:  # nothing there, or nothing that an evaluator is
        return DEFAULT


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
