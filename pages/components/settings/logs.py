"""What the processes of this workspace wrote to their log: the newest lines, as they come."""

from datetime import datetime
from html import escape
from typing import cast
from urllib.parse import quote

import streamlit as st

from core.bootstrap import App
from core.logs import LogLine
from core.services.log_book import LEVELS, Level, LogFilter, LogTail
from pages.components.frame import quiet
from pages.components.text import counted, exact, size, zone

_PULSE_S = 2.0
_SHOWN = 200
_WORDS: dict[Level, str] = {"debug": "All", "info": "Info", "warning": "Warnings", "error": "Errors"}


def logs(app: App) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Log", anchor=False, width="stretch")
        is_live = st.toggle("Live", value=True, key="logs_live", help="Look for new lines every two seconds.")
    st.caption(
        "Of every process of this workspace on this machine: the app, workers, commands. One JSON line each, with the run "
        "that it belongs to; secrets are cut out before it is written."
    )
    wanted = _wanted()
    st.fragment(_lines, run_every=_PULSE_S if is_live else None, key="log_lines")(app, wanted)
    quiet(
        str(app.log_book.path),
        size(app.log_book.size_bytes()),
        f"lines from {app.settings.log_level} up are written (ARYABHATTA_LOG_LEVEL)",
        small=True,
    )


def _wanted() -> LogFilter:
    level = st.segmented_control(
        "Level", LEVELS, default="info", required=True, format_func=_WORDS.__getitem__, key="logs_level",
        label_visibility="collapsed", bind="query-params",
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        search = st.text_input(
            "Search",
            placeholder="Search in lines",
            key="logs_search",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        run = st.text_input(
            "Run", placeholder="Id of a run", key="logs_run", label_visibility="collapsed", bind="query-params"
        )
    return LogFilter(level=cast("Level", level), search=(search or "").strip(), run=(run or "").strip())


def _lines(app: App, wanted: LogFilter) -> None:
    tail = app.log_book.tail(wanted, _SHOWN)
    if tail.lines:
        st.html(f'<div class="log" role="log" aria-label="Log lines">{"".join(map(_line, tail.lines))}</div>')
    else:
        st.markdown(":gray[No line fits.]")
    _note(tail)


def _note(tail: LogTail) -> None:
    older = "" if tail.is_all else "older ones are in the file"
    quiet(f"The newest {counted(len(tail.lines), 'line')}", older, small=True)


def _line(line: LogLine) -> str:
    """Everything of it is escaped: it holds what models, tools and servers said."""
    run = f'<a href="/run?run={quote(line.run)}" target="_self">run {escape(line.run[-6:])}</a>' if line.run else ""
    where = " · ".join(part for part in (escape(line.process), escape(line.logger.removeprefix("core.")), run) if part)
    trace = (
        f"<details><summary>Where it came from</summary><pre>{escape(line.error)}</pre></details>" if line.error else ""
    )
    return (
        f'<div class="log-{_tone(line.level)}"><time title="{escape(exact(line.at))}">{_time(line.at)}</time>'
        f"<b>{escape(line.level)}</b><div>{escape(line.message)}<small>{where}</small>{trace}</div></div>"
    )


def _time(at: datetime) -> str:
    here = at.astimezone(zone())
    is_today = here.date() == datetime.now(zone()).date()
    return here.strftime("%H:%M:%S" if is_today else "%-d %b %H:%M:%S")


def _tone(level: str) -> str:
    return {"error": "bad", "critical": "bad", "warning": "odd"}.get(level, "usual")
