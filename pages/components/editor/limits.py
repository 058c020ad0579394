"""Where a run stops by itself, and how often a failed request is tried."""

from typing import Any

import streamlit as st

from pages.components.editor.draft import Change, Draft, lines, put, put_limit, put_retry

FORMAT = {True: "%g", False: "%d"}


def limits(draft: Draft) -> None:
    given, retry = draft.spec.limits, draft.spec.retry
    st.caption("A run stops by itself when it reaches one of these. What it said until then is kept.")
    with st.grid(3, min_column_width=140, gap="small"):
        _number(draft, "Steps", "steps", given.steps, 1, 1_000, 1, put_limit("steps"))
        _number(draft, "Tool calls", "calls", given.calls, 0, 10_000, 1, put_limit("calls"))
        _number(draft, "Seconds", "seconds", given.seconds, 1.0, 86_400.0, 10.0, put_limit("seconds"))
        _number(draft, "Tokens", "tokens", given.tokens, 1, 10**9, 1000, put_limit("tokens"), "no limit")
        _number(draft, "Cost in USD", "cost_usd", given.cost_usd, 0.0, 10**6, 0.1, put_limit("cost_usd"), "no limit")
        _number(draft, "Tools at the same time", "parallel", given.parallel, 1, 64, 1, put_limit("parallel"))
    st.markdown("**Retries**")
    st.caption("Nothing is ever repeated unseen: each attempt is an entry in the run's journal. 1 means no retries.")
    with st.grid(3, min_column_width=140, gap="small"):
        _number(draft, "Attempts", "attempts", retry.attempts, 1, 10, 1, put_retry("attempts"))
        _number(draft, "Seconds between", "wait_s", retry.wait_s, 0.0, 600.0, 1.0, put_retry("wait_s"))


def _number(
    draft: Draft, label: str, field: str, value: Any, low: Any, high: Any, step: Any, change: Change, empty: str = ""
) -> None:
    low, high = (float(low), float(high)) if isinstance(step, float) else (low, high)

    def kept(spec: Any, typed: Any) -> Any:
        """An emptied field that must have a value keeps the one it had."""
        return spec if typed is None and not empty else change(spec, typed)

    st.number_input(
        label,
        low,
        high,
        value,
        step,
        placeholder=empty or None,
        format=FORMAT[isinstance(step, float)],
        **draft.on_change(field, kept),
    )


def starters(draft: Draft) -> None:
    st.caption("Buttons in an empty chat, so that nobody faces a blank page. One a line.")
    st.text_area(
        "Conversation starters",
        "\n".join(draft.spec.starters),
        height=160,
        label_visibility="collapsed",
        placeholder="What is 17 % of 2,340?\nHow many days are left this year?",
        **draft.on_change("starters", lambda spec, text: put("starters")(spec, lines(text))),
    )
