"""Runs as a table; a click on a row picks it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.domain.run import Run
from pages.components.state import STATES, run_state
from pages.components.text import short

_FIRST_CHARS = 160
_ROW_PX = 40
_SHOWN_ROWS = 15


def runs_table(runs: Sequence[Run]) -> Run | None:
    """The run whose row was clicked, or None."""
    words = {state.word: state.colour for state in STATES.values()}
    config = st.column_config
    picked = st.dataframe(
        pd.DataFrame([_row(run) for run in runs]),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        row_height=_ROW_PX,
        height="content" if len(runs) <= _SHOWN_ROWS else _ROW_PX * (_SHOWN_ROWS + 1),
        placeholder="–",
        key="runs_table",
        column_config={
            "state": config.MultiselectColumn("State", width=140, options=list(words), color=list(words.values())),
            "agent": config.TextColumn("Agent", width=125),
            "input": config.TextColumn("First message", width=240),
            "steps": config.NumberColumn("Steps", width=65),
            "time": config.NumberColumn("Time", format="%.1f s", width=75),
            "tokens": config.NumberColumn("Tokens", format="localized", width=80),
            "cost": config.NumberColumn("Cost", format="$%.4f", width=80),
            "model": config.TextColumn("Model", width=115),
            "at": config.DatetimeColumn("Started", format="distance", width=130),
        },
    )
    rows = picked["selection"]["rows"]
    return runs[rows[0]] if rows else None


def _row(run: Run) -> dict[str, object]:
    usage = run.totals.usage
    return {
        "state": [STATES[run_state(run)].word],
        "agent": run.agent_name or "–",
        "input": short(run.input, _FIRST_CHARS),
        "steps": run.totals.steps,
        "time": run.totals.active_s or None,
        "tokens": usage.total_tokens if usage else None,
        "cost": usage.cost_usd if usage else None,
        "model": run.model,
        "at": run.created_at,
    }
