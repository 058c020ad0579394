"""What the list of runs is filtered by. Every choice stands in the address, so a link shows the same runs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

import streamlit as st

from core.bootstrap import App
from core.domain.run import RunKind, RunStatus
from core.domain.run_query import RunFilter
from core.errors import FaultKind
from pages.components.text import zone
from pages.components.words import kind_words

BETWEEN = "Between two days"
PERIODS = {
    "Last hour": timedelta(hours=1),
    "Last 24 hours": timedelta(days=1),
    "Last 7 days": timedelta(days=7),
    "Last 30 days": timedelta(days=30),
    "Last 90 days": timedelta(days=90),
    "All time": None,
    BETWEEN: None,
}
USUAL = "Last 7 days"
STATUSES: dict[str, tuple[RunStatus, ...]] = {
    "Running": ("queued", "running"),
    "Waiting": ("waiting",),
    "Done": ("done",),
    "Failed": ("failed",),
    "Stopped": ("cancelled",),
}
KINDS: dict[str, RunKind] = {
    "Chat": "chat",
    "Try it": "try",
    "Command line": "cli",
    "HTTP": "api",
    "Tool by itself": "test",
    "Comparison": "compare",
    "Evaluation": "evaluation",
    "Called by an agent": "call",
}
assert set(KINDS.values()) == set(get_args(RunKind))
ERRORS: dict[str, FaultKind] = {kind_words(kind): kind for kind in get_args(FaultKind)}
assert len(ERRORS) == len(get_args(FaultKind))
# No name of another page's parameters: a link from here could not set it.
_CLEARED: Mapping[str, object] = {
    "q": "",
    "state": [],
    "of_agent": None,
    "revision": None,
    "of_kind": [],
    "model": None,
    "of_tool": "",
    "error": [],
    "tag": "",
    "person": None,
    "time": "All time",
}


def run_filters(app: App, newest: Callable[[], None]) -> RunFilter:
    """`newest`: called when a choice changes; the page then begins at its first rows again."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = _text("Search", "q", newest, placeholder="Text or id", icon=":material/search:", width=240)
        period = st.selectbox(
            "Time",
            list(PERIODS),
            list(PERIODS).index(USUAL),
            width=180,
            key="time",
            bind="query-params",
            on_change=newest,
        )
        since, until = _between(newest) if period == BETWEEN else (_ago(PERIODS[period or USUAL]), None)
        states = st.pills(
            "State", list(STATUSES), selection_mode="multi", key="state", bind="query-params", on_change=newest
        )
        with st.popover(_more_label(), icon=":material/filter_list:", key="more_filters"):
            more = _more(app, newest)
        if _is_filtered():
            st.button("Clear", icon=":material/filter_list_off:", type="tertiary", on_click=clear, args=(newest,))
    status = tuple(status for state in states for status in STATUSES[state])
    return RunFilter(search=search, since=since, until=until, status=status, **more)


def clear(newest: Callable[[], None]) -> None:
    for key, value in _CLEARED.items():
        if key in st.session_state:
            st.session_state[key] = value
    newest()


def _is_filtered() -> bool:
    return any(bool(st.session_state.get(key)) for key in _CLEARED if key != "time")


def _more_label() -> str:
    chosen = sum(bool(st.session_state.get(key)) for key in _CLEARED if key not in {"q", "state", "time"})
    return f"More filters · {chosen}" if chosen else "More filters"


def _more(app: App, newest: Callable[[], None]) -> dict[str, object]:
    agents = app.agents.names()
    agent = _choice("Agent", "of_agent", list(agents), newest)
    revision = None
    if agent is not None:
        revision = st.number_input(
            "Revision", 1, value=None, placeholder="Any", key="revision", bind="query-params", on_change=newest
        )
    return {
        "agent_id": agents[agent] if agent is not None else None,
        "revision": revision,
        "kind": tuple(KINDS[kind] for kind in _several("Where it was started", "of_kind", list(KINDS), newest)),
        "model": _choice("Model", "model", app.runs.models(), newest) or "",
        "tool": _text("Tool that was called", "of_tool", newest, placeholder="Any, such as calculator").strip(),
        "error_kind": tuple(ERRORS[error] for error in _several("Error", "error", list(ERRORS), newest)),
        "tag": _text("Tag", "tag", newest, placeholder="Any").strip(),
        "created_by": _choice("Person", "person", app.runs.people(), newest) or "",
    }


def _text(label: str, key: str, newest: Callable[[], None], **look: object) -> str:
    return str(st.text_input(label, key=key, bind="query-params", on_change=newest, **look) or "")  # type: ignore[arg-type]


def _choice(label: str, key: str, options: Sequence[str], newest: Callable[[], None]) -> str | None:
    return st.selectbox(label, options, index=None, placeholder="Any", key=key, bind="query-params", on_change=newest)


def _several(label: str, key: str, options: Sequence[str], newest: Callable[[], None]) -> list[str]:
    return st.multiselect(label, options, placeholder="Any", key=key, bind="query-params", on_change=newest)


def _ago(period: timedelta | None) -> datetime | None:
    return datetime.now(UTC) - period if period else None


def _between(newest: Callable[[], None]) -> tuple[datetime | None, datetime | None]:
    """Two days of the person's own zone, both included."""
    today = datetime.now(zone()).date()
    first = _day("From", "from", today - timedelta(days=7), newest)
    last = _day("To", "to", today, newest)
    return _midnight(first), _midnight(last + timedelta(days=1) if last else None)


def _day(label: str, key: str, usual: date, newest: Callable[[], None]) -> date | None:
    day = st.date_input(label, usual, width=140, key=key, bind="query-params", on_change=newest)
    return day if isinstance(day, date) else None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), zone()) if day else None
