"""Runs: every run of every kind, what they add up to, and the way to each journal."""

from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.run import Run
from core.domain.run_query import RunFilter, RunTotals
from pages.components.charts import runs_over_time
from pages.components.frame import empty_state, page_header
from pages.components.metrics import metric_row
from pages.components.run_filters import clear, run_filters
from pages.components.runs_table import runs_table
from pages.components.session import get_app, may, show_said, uuid_param
from pages.components.text import compact, cost, duration, grouped, zone

PAGE = 50


def totals(found: RunTotals) -> None:
    failed = f"{found.failed / found.runs:.1%}" if found.runs else "–"
    metric_row(
        [
            ("Runs", many(found)),
            ("Failed", failed.replace("%", " %")),
            ("Median time", duration(found.p50_s)),
            ("95 % within", duration(found.p95_s)),
            ("Tokens", compact(found.tokens) if found.tokens is not None else "–"),
            ("Cost", cost(found.cost_usd)),
        ]
    )
    if not found.is_all:
        st.caption(
            f"More runs fit than are added up: these figures and the chart are of the newest {grouped(found.runs)}."
        )


def many(found: RunTotals) -> str:
    return grouped(found.runs) if found.is_all else f"{grouped(found.runs)}+"


def chart(app: App, query: RunFilter, found: RunTotals) -> None:
    if found.runs > 1:
        runs_over_time(app.runs.over_time(query, found.span, str(zone())), found.span)


def open_run(run: Run) -> None:
    st.switch_page("run.py", query_params={"run": str(run.id)})


def pages(shown: list[Run], total: str, *, first: bool) -> None:
    """By key, not by offset: a hundred thousand runs stay fast."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{len(shown)} of {total} runs", width="stretch")
        st.button("Newest", icon=":material/first_page:", disabled=first, on_click=go, args=(None,), type="tertiary")
        st.button(
            "Older",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=len(shown) < PAGE,
            on_click=go,
            args=(shown[-1].id,),
            type="tertiary",
        )


def go(before: UUID | None) -> None:
    if before is None:
        st.query_params.pop("before", None)
    else:
        st.query_params["before"] = str(before)


def newest() -> None:
    go(None)


def by_id(app: App, text: str) -> Run | None:
    """A whole id in the search field opens that run."""
    try:
        return app.runs.get(UUID(text.strip()))
    except ValueError:
        return None


def nothing(app: App) -> None:
    """Nothing fits, or nothing was ever run: a newcomer is told what would stand here."""
    if app.runs.list(limit=1):
        with st.container(border=True, horizontal_alignment="center", gap="small"):
            st.markdown("No run fits all of this.", width="content")
            st.button("Clear the filters", type="primary", on_click=clear, args=(newest,))
    elif not may("builder"):
        st.caption("Nothing was run here yet.")
    elif empty_state(
        ":material/timeline:", "Each answer and each tool call is a run, and it stands here.", "Begin a chat"
    ):
        st.switch_page("chat.py")


def main() -> None:
    app = get_app()
    page_header("Runs", "Every run of every kind, with its journal")
    show_said()
    query = run_filters(app, newest)
    if run := by_id(app, query.search):
        open_run(run)
    before = uuid_param("before")
    shown = app.runs.list(query, before=before, limit=PAGE)
    if not shown:
        nothing(app)
        return
    found = app.runs.totals(query)
    totals(found)
    chart(app, query, found)
    if (picked := runs_table(shown)) is not None:
        open_run(picked)
    pages(shown, many(found), first=before is None)


main()
