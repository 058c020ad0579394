"""What an answer took, as a small table; the best of a row stands out."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

import streamlit as st

from core.domain.spread import Range, Spread
from core.services.runs import RunView
from pages.components.metrics import tokens_per_second
from pages.components.text import cost, counted, duration, grouped

_LEAST = 2
"""So many columns must have a number before one of them is the best."""


class Number(NamedTuple):
    label: str
    value: float | None
    shown: str
    more_is_better: bool = False
    is_judged: bool = True


def numbers_of(view: RunView) -> tuple[Number, ...]:
    """What nobody reported is a dash, never a guess."""
    totals = view.state.totals
    usage, speed = totals.usage, tokens_per_second(view.state)
    first_s = totals.first_token_ms / 1000 if totals.first_token_ms else None
    return (
        Number("Steps", totals.steps, str(totals.steps), is_judged=False),
        Number("Tool calls", totals.calls_executed, _calls(view), is_judged=False),
        Number("To first token", first_s, duration(first_s)),
        Number("Speed", speed, f"{speed:.0f} tok/s" if speed else "–", more_is_better=True),
        Number("Total", totals.active_s, duration(totals.active_s or None)),
        Number("Tokens", usage.total_tokens if usage else None, grouped(usage.total_tokens) if usage else "–"),
        Number("Cost", usage.cost_usd if usage else None, cost(usage.cost_usd if usage else None)),
    )


def _calls(view: RunView) -> str:
    """How many calls were executed of those that the model asked for."""
    asked, executed = sum(len(step.calls) for step in view.state.steps), view.state.totals.calls_executed
    return str(executed) if executed == asked else f"{executed} of {asked} executed"


def best_of(views: Sequence[RunView]) -> dict[str, str]:
    """The best number of each row, as it is shown, among answers that are done."""
    best: dict[str, str] = {}
    for row in zip(*(numbers_of(view) for view in views if view.run.status == "done"), strict=True):
        known = [number for number in row if number.value is not None and number.is_judged]
        if len(known) >= _LEAST and len({number.shown for number in known}) > 1:
            pick = max if known[0].more_is_better else min
            best[known[0].label] = pick(known, key=lambda number: number.value or 0.0).shown
    return best


def numbers_table(numbers: Sequence[Number], best: dict[str, str]) -> None:
    rows = "".join(
        f"<tr><td>{escape(number.label)}</td>"
        f'<td class="{"best" if best.get(number.label) == number.shown else ""}">{escape(number.shown)}</td></tr>'
        for number in numbers
    )
    st.html(f'<table class="numbers">{rows}</table>')


def spread_table(spread: Spread) -> None:
    """How far the runs of one message lie apart."""
    said = [counted(spread.ended, "run") + (f" of {spread.runs} ended" if spread.ended < spread.runs else "")]
    done = spread.ended - spread.failed
    if done:
        said.append(
            "all answers are the same" if spread.same == done else f"{spread.same} of {done} answers are the same"
        )
    if spread.failed:
        said.append(f"{spread.failed} failed")
    rows = "".join(
        f"<tr><td>{label}</td>{''.join(f'<td>{escape(form(value))}</td>' for value in (at.low, at.middle, at.high))}</tr>"
        for label, at, form in _ranges(spread)
        if at is not None
    )
    head = "<tr><td></td><td>least</td><td>middle</td><td>most</td></tr>" if rows else ""
    st.html(f'<p class="spread">{escape(" · ".join(said))}</p><table class="numbers">{head}{rows}</table>')


def _ranges(spread: Spread) -> Iterator[tuple[str, Range | None, Callable[[float], str]]]:
    def milliseconds(value: float) -> str:
        return duration(value / 1000)

    def whole(value: float) -> str:
        return grouped(round(value))

    yield "To first token", spread.first_token_ms, milliseconds
    yield "Total", spread.seconds, duration
    yield "Tokens", spread.tokens, whole
    yield "Cost", spread.cost_usd, cost
