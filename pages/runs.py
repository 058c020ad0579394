"""Runs: every run of every kind, what they add up to, and the way to each journal."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.run import Run, RunKind, RunStatus
from core.domain.run_query import RunFilter, RunTotals
from core.errors import FaultKind
from pages.components.charts import runs_over_time
from pages.components.frame import empty_state, page_header
from pages.components.metrics import metric_row
from pages.components.runs_table import runs_table
from pages.components.session import get_app, show_said, uuid_param
from pages.components.state import STATES, run_state
from pages.components.text import compact, cost, duration, grouped
from pages.components.words import kind_words

PAGE = 50
CHART_RUNS = 500
PERIODS = {
    "Last 24 hours": timedelta(days=1),
    "Last 7 days": timedelta(days=7),
    "Last 30 days": timedelta(days=30),
    "All time": None,
}
STATUSES: dict[str, tuple[RunStatus, ...]] = {
    "Running": ("queued", "running"),
    "Waiting": ("waiting",),
    "Done": ("done",),
    "Failed": ("failed",),
    "Stopped": ("cancelled",),
}
KINDS: dict[RunKind, str] = {
    "chat": "Chat",
    "try": "Try it",
    "cli": "Command line",
    "api": "HTTP",
    "test": "Tool by itself",
    "compare": "Comparison",
    "evaluation": "Evaluation",
    "call": "Called by an agent",
}
assert set(KINDS) == set(get_args(RunKind))


def filters(app: App) -> RunFilter:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = st.text_input(
            "Search",
            placeholder="Search text or id",
            icon=":material/search:",
            label_visibility="collapsed",
            width=240,
            key="q",
            bind="query-params",
        )
        period = st.selectbox(
            "Time", list(PERIODS), index=1, label_visibility="collapsed", width=160, key="time", bind="query-params"
        )
        states = st.pills(
            "State",
            list(STATUSES),
            selection_mode="multi",
            label_visibility="collapsed",
            key="state",
            bind="query-params",
        )
        with st.popover("More filters", icon=":material/filter_list:", type="tertiary"):
            agent, kind, model, error = more(app)
    since = PERIODS.get(period or "All time")
    return RunFilter(
        search=search or "",
        since=datetime.now(UTC) - since if since else None,
        status=tuple(status for state in states for status in STATUSES[state]),
        agent_id=agent,
        kind=kind,
        model=model,
        error_kind=error,
    )


def more(app: App) -> tuple[UUID | None, tuple[RunKind, ...], str, tuple[FaultKind, ...]]:
    agents = {row.agent.id: row.agent.name for row in app.agents.list()}
    agent = st.selectbox("Agent", list(agents), index=None, format_func=agents.__getitem__, placeholder="Any")
    kinds = st.multiselect("Where it was started", list(KINDS), format_func=KINDS.__getitem__, placeholder="Anywhere")
    model = st.text_input("Model", placeholder="Any")
    errors = st.multiselect("Error", get_args(FaultKind), format_func=kind_words, placeholder="Any")
    return agent, tuple(kinds), model or "", tuple(errors)


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


def many(found: RunTotals) -> str:
    return grouped(found.runs) if found.is_all else f"{grouped(found.runs)}+"


def chart(app: App, query: RunFilter) -> None:
    """Only the newest are drawn, and the chart says so."""
    runs = app.runs.list(query, limit=CHART_RUNS)
    if len(runs) < 2:
        return
    runs_over_time([(run.created_at, STATES[run_state(run)].word) for run in runs])
    if len(runs) == CHART_RUNS:
        st.caption(f"The chart shows the newest {CHART_RUNS} runs.")


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


def by_id(app: App, text: str) -> Run | None:
    """A whole id in the search field opens that run."""
    try:
        return app.runs.get(UUID(text.strip()))
    except ValueError:
        return None


def main() -> None:
    app = get_app()
    page_header("Runs", "Every run of every kind, with its journal")
    show_said()
    query = filters(app)
    if run := by_id(app, query.search):
        open_run(run)
    found = app.runs.totals(query)
    before = uuid_param("before")
    shown = app.runs.list(query, before=before, limit=PAGE)
    if not shown:
        if empty_state(
            ":material/timeline:", "Each answer and each tool call is a run, and it stands here.", "Begin a chat"
        ):
            st.switch_page("chat.py")
        return
    totals(found)
    chart(app, query)
    if (picked := runs_table(shown)) is not None:
        open_run(picked)
    pages(shown, many(found), first=before is None)


main()
