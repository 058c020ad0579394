"""Charts: theme colours only, thin axes, no legend where a label does it."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from core.domain.event import Finished
from core.domain.run_query import RunCount, Span
from core.domain.state import CallState, ModelCall, RunState
from pages.components.state import STATES, StateName, effect_state, is_dark, state_hex, state_of_status
from pages.components.text import duration, zone

_KINDS: dict[str, StateName] = {
    "Model": "running",
    "Tool": "done",
    "Waiting": "waiting",
    "Unknown": "unknown",
    "Failed": "failed",
    "Stopped": "stopped",
}
_TIME_UNITS: dict[Span, str] = {
    "minute": "yearmonthdatehoursminutes",
    "hour": "yearmonthdatehours",
    "day": "yearmonthdate",
    "month": "yearmonth",
}
_BAR_PX, _ROW_PX, _FRAME_PX = 14, 32, 64
_SHORTEST_BAR = 0.004
"""Share of the whole width: shorter bars could not be seen."""


def waterfall(state: RunState) -> None:
    """One bar for each model call and tool call, in order, with its time at the end."""
    rows = _bars(state)
    if not rows:
        st.caption("Nothing was started yet.")
        return
    frame = pd.DataFrame(rows)
    frame["shown_end"] = frame[["end"]].max(axis=1).clip(lower=frame["start"] + frame["end"].max() * _SHORTEST_BAR)
    order = list(frame["step"])
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "step:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=12, labelFontSize=13),
        )
    )
    bars = base.mark_bar(height=_BAR_PX, cornerRadius=3).encode(
        x=alt.X("start:Q", title="seconds", axis=alt.Axis(tickCount=6)),
        x2="shown_end:Q",
        color=alt.Color("kind:N", title=None, legend=None, scale=_colours(frame["kind"].unique().tolist())),
        tooltip=[
            alt.Tooltip("step", title="What"),
            alt.Tooltip("state", title="State"),
            alt.Tooltip("took", title="Took"),
        ],
    )
    quiet = "#A3ABB8" if is_dark() else "#5F6673"
    text = base.mark_text(align="left", dx=6, fontSize=12, color=quiet).encode(x="shown_end:Q", text="took:N")
    st.altair_chart((bars + text).properties(height=_ROW_PX * len(order) + _FRAME_PX))


def _colours(kinds: list[str]) -> alt.Scale:
    return alt.Scale(domain=kinds, range=[state_hex(_KINDS[kind]) for kind in kinds])


def _bars(state: RunState) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for step in state.steps:
        rows.extend(_bar(state, step.model, f"Model {step.number}", "Model"))
        for call in step.calls:
            rows.extend(_bar(state, call, f"{step.number}.{call.effect.split('.')[-1]} {call.call.name}", "Tool"))
    return rows


def _bar(state: RunState, effect: ModelCall | CallState, name: str, kind: str) -> list[dict[str, object]]:
    if not effect.attempts:
        return []
    shown = effect_state(state, effect)
    start = (effect.attempts[0].started_at - state.created_at).total_seconds()
    ended = effect.attempts[-1].ended_at or state.last_at or effect.attempts[-1].started_at
    end = max(start, (ended - state.created_at).total_seconds())
    special = {"unknown": "Unknown", "failed": "Failed", "waiting": "Waiting", "stopped": "Stopped"}.get(shown, kind)
    took_s = _took_s(effect)
    return [
        {
            "step": name,
            "start": start,
            "end": end,
            "kind": special,
            "state": STATES[shown].word,
            "took": duration(end - start if took_s is None else took_s),
        }
    ]


def _took_s(effect: ModelCall | CallState) -> float | None:
    finished: Finished | None = effect.finished if isinstance(effect, CallState) else None
    return finished.took_ms / 1000 if finished else None


def runs_over_time(counts: Sequence[RunCount], span: Span) -> None:
    """How many runs began when, by state. Done is quiet, so that failures stand out."""
    states = {status: STATES[state_of_status(status)].word for status in {count.status for count in counts}}
    frame = pd.DataFrame(
        [(count.at, states[count.status], count.runs) for count in counts], columns=["at", "state", "runs"]
    )
    frame["at"] = pd.to_datetime(frame["at"], utc=True).dt.tz_convert(zone()).dt.tz_localize(None)
    colours = {state.word: state_hex(name) for name, state in STATES.items()} | {
        "Done": "#3A5288" if is_dark() else "#BFCEEB"
    }
    present = [word for word in colours if word in set(frame["state"])]
    st.altair_chart(
        alt.Chart(frame)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X(f"{_TIME_UNITS[span]}(at):T", title=None, axis=alt.Axis(tickCount=8, grid=False)),
            y=alt.Y("sum(runs):Q", title=None, axis=alt.Axis(tickCount=3, format="d")),
            color=alt.Color(
                "state:N",
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=present, range=[colours[word] for word in present]),
            ),
            tooltip=[alt.Tooltip("state", title="State"), alt.Tooltip("sum(runs)", title="Runs")],
        )
        .properties(height=170)
    )
