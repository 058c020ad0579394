"""Rows of numbers."""

from collections.abc import Sequence

import streamlit as st

from core.domain.run import Run, Totals
from core.domain.state import RunState
from pages.components.frame import quiet
from pages.components.text import compact, cost, counted, duration, grouped


def metric_row(items: Sequence[tuple[str, str]]) -> None:
    """Page totals: (label, value)."""
    with st.grid(len(items), min_column_width=92, gap="small"):
        for label, value in items:
            st.metric(label, value)


def metric_pairs(items: Sequence[tuple[str, str]], key: str) -> None:
    """Label left, value right; for narrow columns."""
    with st.container(gap="xxsmall", key=key):
        for label, value in items:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small", wrap=False
            ):
                st.caption(label, width="content")
                st.markdown(value, width="content", text_alignment="right")


def run_numbers(totals: Totals) -> list[tuple[str, str]]:
    """What a run used, as label and value."""
    usage = totals.usage
    return [
        ("Steps", str(totals.steps)),
        ("Tool calls", str(totals.calls_executed)),
        *([("Not executed", str(totals.calls_refused))] if totals.calls_refused else []),
        ("Time", duration(totals.active_s or None)),
        ("To first token", duration(totals.first_token_ms / 1000) if totals.first_token_ms else "–"),
        ("Tokens", compact(usage.total_tokens) if usage else "–"),
        ("Cost", cost(usage.cost_usd) if usage else "–"),
    ]


def meta_line(run: Run, state: RunState) -> None:
    """The facts under an answer; what nobody reported is left out, never guessed."""
    totals = state.totals
    parts = [
        f"{duration(totals.first_token_ms / 1000)} to first token" if totals.first_token_ms else "",
        _speed(state),
        f"{grouped(totals.usage.total_tokens)} tokens" if totals.usage else "",
        cost(totals.usage.cost_usd) if totals.usage and totals.usage.cost_usd is not None else "",
        counted(totals.steps, "step") if totals.steps > 1 else "",
        model_at(run),
        f"served by {answered}" if (answered := _answered_by(state)) else "",
    ]
    quiet(*parts, run.created_at, small=True)


def _answered_by(state: RunState) -> str:
    """Who served the last answer behind a router, as it said itself."""
    decision = state.steps[-1].model.decision if state.steps else None
    return decision.exchange.provider if decision else ""


def _speed(state: RunState) -> str:
    speed = tokens_per_second(state)
    return f"{speed:.0f} tok/s" if speed else ""


def tokens_per_second(state: RunState) -> float | None:
    """Of the last answer, from what the endpoint reported; None where it did not, or where it came all at once."""
    decision = state.steps[-1].model.decision if state.steps else None
    if decision is None or decision.usage is None or decision.exchange.first_token_ms is None:
        return None
    seconds = (decision.exchange.total_ms - decision.exchange.first_token_ms) / 1000
    tokens = decision.usage.completion_tokens
    return tokens / seconds if seconds > 0.05 and tokens > 1 else None


def model_at(run: Run) -> str:
    """The model and where it is served; said once where both have one name."""
    return run.model if run.model == run.endpoint else f"{run.model} at {run.endpoint}" if run.model else run.endpoint
