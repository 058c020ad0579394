"""The result grid: a row an item, a column a variant; what one cell said, and the way to its run."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from core.bootstrap import App
from core.domain.dataset import NumberedItem
from core.domain.evaluation import Cell, CellKey, CellLine, Evaluation
from core.domain.evaluation_results import Which
from core.domain.evaluator import HumanVote
from core.services.evaluation_report import Report
from pages.components.evaluation.words import kind_of, titles
from pages.components.frame import quiet, section
from pages.components.session import int_param, may, who
from pages.components.text import cost, duration, grouped, plain, short
from pages.components.words import kind_words

PAGE = 50
_ROW_PX = 40
FILTERS: dict[str, Which] = {"All": "all", "Failed": "failed", "Different": "different", "Errors": "errors"}


def results(app: App, report: Report) -> None:
    evaluation = report.evaluation
    section("Results", "a row an item, a column a variant; choose a row to read the answers")
    numbers = report.items[which(report)]
    if not numbers:
        st.caption("No item is like that.")
        return
    shown = page_of(numbers)
    cells = by_item(app, evaluation, report.lines, shown)
    first, last = shown[0], shown[-1]
    rows = app.datasets.items(evaluation.dataset_id, evaluation.version, first - 1, last - first + 1)
    items = {one.number: one for one in rows if one.number in cells}
    picked = table(evaluation, [items[number] for number in shown if number in items], cells)
    if picked is not None:
        st.query_params["item"] = str(picked)
    number = int_param("item", 0)
    if number in items:
        detail(app, evaluation, items[number], cells[number])


def which(report: Report) -> Which:
    """The filter; it stands in the address."""
    asked = st.query_params.get("show", "")
    label = st.segmented_control(
        "Show",
        list(FILTERS),
        default=asked if asked in FILTERS else "All",
        required=True,
        format_func=lambda name: f"{name} · {grouped(len(report.items[FILTERS[name]]))}",
        label_visibility="collapsed",
        key="show_results",
    )
    if label and label != asked:
        st.query_params["show"] = label
    return FILTERS[label or "All"]


def page_of(numbers: Sequence[int]) -> Sequence[int]:
    """Fifty rows; more are a page further."""
    pages = (len(numbers) - 1) // PAGE + 1
    if pages == 1:
        return numbers
    page = st.pagination(pages, key="results_page") if hasattr(st, "pagination") else _page(pages)
    return numbers[(page - 1) * PAGE : page * PAGE]


def _page(pages: int) -> int:
    return int(st.number_input(f"Page of {pages}", 1, pages, 1, key="results_page", width=140))


def by_item(
    app: App, evaluation: Evaluation, lines: Sequence[CellLine], numbers: Sequence[int]
) -> dict[int, list[Cell]]:
    wanted = set(numbers)
    found: dict[int, list[Cell]] = defaultdict(list)
    for cell in app.evaluations.cells(evaluation, [line for line in lines if line.item in wanted]):
        found[cell.line.item].append(cell)
    return found


def table(evaluation: Evaluation, items: Sequence[NumberedItem], cells: dict[int, list[Cell]]) -> int | None:
    """The number of the item whose row was chosen, or None."""
    names = [variant.name for variant in evaluation.plan.variants]
    rows = [
        {"#": one.number, "Input": short(one.item.input, 160), "Expected": short(one.item.expected, 80)}
        | {name: in_short(of_variant(cells[one.number], place)) for place, name in enumerate(names)}
        for one in items
    ]
    config = st.column_config
    picked = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        row_height=_ROW_PX,
        height="content" if len(rows) <= 12 else _ROW_PX * 13,
        key="results_table",
        column_config={
            "#": config.NumberColumn(width=48, pinned=True),
            "Input": config.TextColumn(width=240),
            "Expected": config.TextColumn(width=130),
            **{name: config.TextColumn(width=230) for name in names},
        },
        alt="Items and the answers of each variant",
    )
    chosen = picked["selection"]["rows"]
    return items[chosen[0]].number if chosen else None


def of_variant(cells: Sequence[Cell], place: int) -> list[Cell]:
    return [cell for cell in cells if cell.line.variant == place]


def in_short(cells: Sequence[Cell]) -> str:
    """A mark and the beginning of the answer; of repeats, how many passed."""
    if not cells:
        return ""
    first = cells[0]
    if len(cells) > 1:
        passed = sum(cell.line.passed is True for cell in cells)
        mark = "✓" if passed == len(cells) else "✗" if not passed else "≈"
        return f"{mark} {passed}/{len(cells)}  {short(first.output, 90)}"
    return f"{mark_of(first.line)} {short(first.problem or said(first), 120)}"


def said(cell: Cell) -> str:
    return cell.output or (kind_words(cell.line.error_kind) if cell.line.error_kind else "")  # type: ignore[arg-type]


def mark_of(line: CellLine) -> str:
    if line.is_error:
        return "⚠"
    if line.state in {"planned", "under_way"}:
        return "…"
    return {True: "✓", False: "✗", None: "–"}[line.passed]


def detail(app: App, evaluation: Evaluation, one: NumberedItem, cells: Sequence[Cell]) -> None:
    """What every variant said to one item."""
    with st.container(border=True, gap="small"):
        st.markdown(f"**Item {one.number}**")
        with st.container(height=160 if len(one.item.input) > 600 else "content", border=False):
            st.text(one.item.input)
        if one.item.expected:
            quiet("Expected", short(one.item.expected, 400))
        if one.item.variables:
            quiet(*(f"{name} = {short(value, 60)}" for name, value in one.item.variables.items()), small=True)
        with st.grid(min(len(cells), 3) or 1, min_column_width=300, gap="small"):
            for cell in cells:
                answer(app, evaluation, cell)


def answer(app: App, evaluation: Evaluation, cell: Cell) -> None:
    line = cell.line
    with st.container(border=True, gap="small", height="stretch"):
        name = evaluation.plan.variants[line.variant].name
        again = f" · {line.repeat}" if evaluation.plan.repeats > 1 else ""
        st.markdown(f"{badge(line)} **{plain(name)}**{again}")
        with st.container(height=220 if len(cell.output) > 500 else "content", border=False):
            st.text(cell.problem or said(cell) or "No answer yet.")
        called = titles([used.evaluator for used in evaluation.evaluators])
        for used in evaluation.evaluators:
            verdicts = [score for score in cell.scores if score.evaluator == used.evaluator.hash()]
            for score in verdicts:
                mark = {True: ":green[✓]", False: ":red[✗]", None: ":gray[–]"}[score.passed]
                reason = "is being judged" if score.pending else short(score.reason, 200)
                person = f" {plain(score.who)}:" if score.who else ""
                what = f"**{plain(called[used.evaluator.hash()])}**{person}"
                st.caption(f"{mark} {kind_of(used.evaluator).icon} {what} {plain(reason)}")
            if isinstance(used.evaluator, HumanVote) and line.state == "ended":
                vote(app, evaluation, used.evaluator, CellKey(line.variant, line.item, line.repeat))
        st.space("stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            quiet(
                duration(line.seconds),
                f"{grouped(line.tokens)} tokens" if line.tokens else "",
                "" if line.cost_usd is None else cost(line.cost_usd),
                small=True,
            )
            if line.run_id is not None:
                open_run(line.run_id)


def badge(line: CellLine) -> str:
    if line.is_error:
        return ":red[:material/error:]"
    if line.state in {"planned", "under_way"}:
        return ":blue[:material/progress_activity:]"
    icons = {
        True: ":green[:material/check_circle:]",
        False: ":red[:material/cancel:]",
        None: ":gray[:material/remove_circle_outline:]",
    }
    return icons[line.passed]


def open_run(run_id: UUID) -> None:
    st.page_link("run.py", label="Open the run", icon=":material/receipt_long:", query_params={"run": str(run_id)})


def vote(app: App, evaluation: Evaluation, question: HumanVote, cell: CellKey) -> None:
    key = f"vote_{question.hash()[-8:]}_{cell.variant}_{cell.item}_{cell.repeat}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(plain(question.question), width="content")
        if not may("builder"):
            return
        for label, icon, passed in (("Yes", ":material/thumb_up:", True), ("No", ":material/thumb_down:", False)):
            st.button(
                label,
                icon=icon,
                type="tertiary",
                key=f"{key}_{label}",
                on_click=app.evaluations.vote,
                args=(evaluation.id, cell, question, who()),
                kwargs={"passed": passed},
            )
