"""What an evaluation came to: pass rates with their intervals, differences in words, time and cost as charts."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from core.domain.evaluation_results import Box
from core.domain.sampling import Difference
from core.services.evaluation_report import NamedSummary, Report
from pages.components.evaluation.words import does, titles
from pages.components.frame import section
from pages.components.state import is_dark
from pages.components.text import compact, cost, duration, plain

_SAYS = {
    "better": (":material/trending_up:", "green"),
    "worse": (":material/trending_down:", "red"),
    "noise": (":material/waves:", "gray"),
    "too_few": (":material/more_horiz:", "gray"),
}
_ROW_PX, _RATE_PX, _FRAME_PX, _LABEL_PX = 44, 58, 40, 130
_NAME_DY = -19
"""Names stand above their lines, so that on a phone the lines keep the whole width."""


def summary(report: Report) -> None:
    judged = any(one.summary.items for one in report.variants)
    with st.container(border=True, gap="small"):
        if judged:
            section("Pass rate", "95 % interval over the items")
            pass_rates(report.variants)
        verdicts(report.gains if judged else (), report.differences)
        table(report.variants)
        if report.evaluation.evaluators:
            by_evaluator(report)
    charts(report)


def pass_rates(variants: Sequence[NamedSummary]) -> None:
    """A point with its interval for each variant, the numbers beside it."""
    rows = [
        {
            "variant": one.name,
            "rate": one.summary.pass_rate or 0.0,
            "low": one.summary.interval.low,
            "high": one.summary.interval.high,
            "label": f"{one.summary.pass_rate:.0%}  ({one.summary.interval.low:.0%} – {one.summary.interval.high:.0%})",
        }
        for one in variants
        if one.summary.pass_rate is not None
    ]
    colour, quiet = ("#8FB0F5", "#A3ABB8") if is_dark() else ("#2B4F9E", "#5F6673")
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("variant:N", sort=[one.name for one in variants], title=None, axis=None),
        tooltip=[
            alt.Tooltip("variant", title="Variant"),
            alt.Tooltip("rate", title="Pass rate", format=".1%"),
            alt.Tooltip("low", title="From", format=".1%"),
            alt.Tooltip("high", title="To", format=".1%"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    line = base.mark_rule(strokeWidth=6, opacity=0.3, color=colour, strokeCap="round").encode(
        x=alt.X("low:Q", scale=scale, title=None, axis=alt.Axis(format="%", tickCount=5)), x2="high:Q"
    )
    point = base.mark_point(filled=True, size=120, color=colour, opacity=1).encode(x=alt.X("rate:Q", scale=scale))
    name = base.mark_text(align="left", dy=_NAME_DY, fontSize=13, color=quiet, limit=420).encode(
        x=alt.value(0), text="variant:N"
    )
    number = base.mark_text(align="right", dy=_NAME_DY, fontSize=12, color=quiet).encode(
        x=alt.value("width"), text="label:N"
    )
    st.altair_chart((line + point + name + number).properties(height=_RATE_PX * len(rows) + _FRAME_PX))


def verdicts(gains: Sequence[Difference], words: Sequence[str]) -> None:
    for found, sentence in zip(gains, words, strict=False):
        icon, colour = _SAYS[found.says]
        st.markdown(f":{colour}[{icon}] {plain(sentence)}")


def table(variants: Sequence[NamedSummary]) -> None:
    rows = [
        {
            "Variant": one.name,
            "Passed": one.summary.pass_rate,
            "Score": one.summary.mean_value,
            "Runs": one.summary.cells,
            "Failed": one.summary.failed,
            "Median time": duration(one.summary.p50_s),
            "95 % within": duration(one.summary.p95_s),
            "Tokens": compact(one.summary.tokens),
            "Cost": cost(one.summary.cost_usd),
        }
        for one in variants
    ]
    config = st.column_config
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        column_config={
            "Variant": config.TextColumn(width=220, pinned=True),
            "Passed": config.ProgressColumn(format="percent", min_value=0, max_value=1, width=130),
            "Score": config.NumberColumn(format="%.2f", help="Mean of what the evaluators gave, from 0 to 1"),
        },
    )


def by_evaluator(report: Report) -> None:
    """A row an evaluator, a column a variant: who passes what."""
    evaluation, counts = report.evaluation, report.by_evaluator
    names = [variant.name for variant in evaluation.plan.variants]
    called = titles([used.evaluator for used in evaluation.evaluators])
    rows = [
        {"Evaluator": called[revision], "Asks": does(used.evaluator)}
        | {name: _share(counts.get((revision, place))) for place, name in enumerate(names)}
        for revision, used in evaluation.by_hash.items()
    ]
    config = st.column_config
    bars = {name: config.ProgressColumn(format="percent", min_value=0, max_value=1, width=150) for name in names}
    fixed = {"Evaluator": config.TextColumn(width=150, pinned=True), "Asks": config.TextColumn(width=260)}
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="–", column_config=fixed | bars)


def _share(counted: tuple[int, int] | None) -> float | None:
    return counted[0] / counted[1] if counted and counted[1] else None


def charts(report: Report) -> None:
    """How time and cost are distributed, where there is something to see."""
    shown = [
        (title, boxes, unit)
        for title, field, unit in (
            ("Time", "seconds_box", "seconds"),
            ("Tokens", "tokens_box", ""),
            ("Cost", "cost_box", "dollars"),
        )
        if (boxes := _boxes(report.variants, field)) and max(box["most"] for box in boxes) > 0
    ]
    if not shown:
        return
    with st.grid(len(shown), min_column_width=300, gap="medium"):
        for title, boxes, unit in shown:
            with st.container(border=True, gap="small"):
                section(title, unit)
                distribution(boxes)


def _boxes(variants: Sequence[NamedSummary], field: str) -> list[dict[str, Any]]:
    found = [(one.name, getattr(one.summary, field)) for one in variants]
    return [{"variant": name} | box._asdict() for name, box in found if box is not None]


def distribution(boxes: Sequence[dict[str, Any]]) -> None:
    """The middle half as a box, its median as a line, from the least to the most a thin whisker."""
    colour, gap = ("#8FB0F5", "#12161D") if is_dark() else ("#2B4F9E", "#FFFFFF")
    names = [box["variant"] for box in boxes]
    base = alt.Chart(pd.DataFrame(boxes)).encode(
        y=alt.Y("variant:N", sort=names, title=None, axis=_names_axis()),
        tooltip=[alt.Tooltip(name, title=name.capitalize(), format=".4~g") for name in Box._fields],
    )
    whisker = base.mark_rule(color=colour, opacity=0.6).encode(
        x=alt.X("least:Q", title=None, axis=alt.Axis(tickCount=4)), x2="most:Q"
    )
    middle = base.mark_bar(size=18, color=colour, opacity=0.75, cornerRadius=2).encode(x="lower:Q", x2="upper:Q")
    same = base.mark_tick(color=colour, thickness=4, size=18, opacity=0.75).encode(x="median:Q")
    median = base.mark_tick(color=gap, thickness=2, size=18, opacity=1).encode(x="median:Q")
    layers = whisker + middle + same + median.transform_filter("datum.upper > datum.lower")
    st.altair_chart(layers.properties(height=_ROW_PX * len(boxes) + _FRAME_PX))


def _names_axis() -> alt.Axis:
    return alt.Axis(labelLimit=_LABEL_PX, ticks=False, domain=False, labelPadding=12, labelFontSize=13)
