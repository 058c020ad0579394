"""What this workspace can prove of itself: that a crash costs nothing, and that no journal was changed."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core.bootstrap import App
from core.services.bench import Progress
from core.services.drill import Points
from core.services.drill_verdict import DrillRow, totals
from core.services.proofs import Audit
from pages.components.frame import quiet, section
from pages.components.session import value_or_say, who
from pages.components.text import counted, plain

_PULSE_S = 1.0
_POINTS: dict[str, Points] = {"A few points, half a minute": "few", "Every point, some minutes": "all"}
_ROW_PX = 36
_SHOWN_ROWS = 12


def proofs(app: App) -> None:
    _piece(app, "drill_live", _drill, lambda: app.proof_desk.drill().is_running)
    st.space("small")
    _piece(app, "check_live", _check, lambda: app.proof_desk.check().is_running)


def _piece(app: App, key: str, draw: Callable[[App], None], is_running: Callable[[], bool]) -> None:
    """A part of the page that draws itself again as long as its proof goes on."""
    was_running = is_running()

    def live() -> None:
        if is_running() != was_running:
            st.rerun()  # it began or ended: the page is drawn anew, with another rhythm
        draw(app)

    st.fragment(live, run_every=_PULSE_S if was_running else None, key=key)()


def _drill(app: App) -> None:
    section("Crash drill")
    st.caption(
        "Kills real worker processes of its own at the boundaries of a sample run: before and after each commit, "
        "before, inside and after each request and each tool call. Another worker goes on, and what really happened is "
        "counted. The runs stay in the list of runs."
    )
    progress = app.proof_desk.drill()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if progress.is_running:
            st.button("Stop", icon=":material/stop:", on_click=app.proof_desk.stop_drill, key="stop_drill")
        else:
            points = st.segmented_control(
                "Points", list(_POINTS), default=next(iter(_POINTS)), required=True, label_visibility="collapsed"
            )
            wanted = _POINTS[points or next(iter(_POINTS))]
            st.button(
                "Run the drill", icon=":material/bolt:", on_click=_begin_drill, args=(app, wanted), key="begin_drill"
            )
    if progress.began_at is not None:
        _drill_progress(progress)


def _begin_drill(app: App, points: Points) -> None:
    value_or_say(app.proof_desk.begin_drill(points, who()))


def _drill_progress(progress: Progress[DrillRow]) -> None:
    done = len(progress.found)
    if progress.is_running:
        of = f" of {progress.expected}" if progress.expected else ""
        st.progress(done / progress.expected if progress.expected else 0.0, text=f"{done}{of} runs")
    elif progress.trouble:
        st.error(plain(progress.trouble), icon=":material/error:")
    elif done:
        _drill_result(progress)
    if done:
        _rows(progress.found)


def _drill_result(progress: Progress[DrillRow]) -> None:
    sums = totals(progress.found)
    mark = ":green[:material/check_circle:]" if sums.ok else ":red[:material/error:]"
    st.markdown(f"{mark} **{plain(sums.verdict)}**{' Stopped before its end.' if progress.is_stopped else ''}")
    quiet(*([progress.began_at] if progress.began_at else []), small=True)


def _rows(rows: Sequence[DrillRow]) -> None:
    config = st.column_config
    st.dataframe(
        pd.DataFrame([_cells(row) for row in rows]),
        hide_index=True,
        row_height=_ROW_PX,
        height="content" if len(rows) <= _SHOWN_ROWS else _ROW_PX * (_SHOWN_ROWS + 1),
        key="drill_rows",
        column_config={
            "point": config.TextColumn("Killed at", width=250),
            "verdict": config.TextColumn("Verdict", width=90),
            "attempts": config.NumberColumn("Attempts", width=80),
            "effects": config.TextColumn("Effects executed", width=190),
            "unknown": config.TextColumn("Unknown shown", width=120),
            "status": config.TextColumn("Status", width=80),
            "run": config.LinkColumn("Run", display_text="Open", width=70),
        },
    )


def _cells(row: DrillRow) -> dict[str, object]:
    return {
        "point": row.point,
        "verdict": row.verdict,
        "attempts": row.attempts,
        "effects": ", ".join(f"{tool} {count}" for tool, count in row.effects.items()),
        "unknown": ", ".join(row.unknown) or "–",
        "status": row.status,
        "run": f"/run?run={row.run_id}",
    }


def _check(app: App) -> None:
    section("Journal check")
    st.caption(
        "Computes the hash of every entry of every run again, over the exact text that is stored. The same as "
        "`python -m core audit verify`."
    )
    progress = app.proof_desk.check()
    st.button(
        "Check every run",
        icon=":material/verified:",
        on_click=_begin_check,
        args=(app,),
        disabled=progress.is_running,
        key="begin_check",
    )
    if progress.is_running:
        share = len(progress.found) / progress.expected if progress.expected else 0.0
        st.progress(min(1.0, share), text=_counted(progress.found[-1]) if progress.found else "Checking…")
    elif progress.trouble:
        st.error(plain(progress.trouble), icon=":material/error:")
    elif progress.found:
        _audit(progress)


def _begin_check(app: App) -> None:
    value_or_say(app.proof_desk.begin_check())


def _audit(progress: Progress[Audit]) -> None:
    audit = progress.found[-1]
    broken = audit.first_break
    if broken is None:
        st.markdown(f":green[:material/check_circle:] **{_counted(audit)}: every hash is right.**")
    else:
        st.markdown(f":red[:material/error:] **A journal was changed.** Entry {broken.seq}: {plain(broken.what)}.")
        st.page_link(
            "run.py", label="Open the run", icon=":material/receipt_long:", query_params={"run": str(broken.run_id)}
        )
    quiet(*([progress.began_at] if progress.began_at else []), small=True)


def _counted(audit: Audit) -> str:
    return f"{counted(audit.runs, 'run')}, {counted(audit.entries, 'entry', 'entries')}"
