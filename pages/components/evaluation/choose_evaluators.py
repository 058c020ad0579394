"""What answers are judged by: no code, one card an evaluator."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.bootstrap import App
from core.domain.evaluator import (
    Contains,
    Cost,
    Evaluator,
    Exact,
    HumanVote,
    JsonEquals,
    JsonSchema,
    Judge,
    Latency,
    Length,
    Matches,
    Numeric,
    Similar,
    Tokens,
    ToolUse,
)
from core.domain.evaluator_check import evaluator_fault
from pages.components.evaluation.words import KINDS, TOOL_USE
from pages.components.text import plain


def evaluators_form(app: App, key: str, chosen: Sequence[str] = ("contains",)) -> tuple[Evaluator, ...]:
    """The evaluators as they are filled in; one that lacks something is left out and says what."""
    kinds = st.multiselect(
        "Judge by",
        list(KINDS),
        default=list(chosen),
        format_func=lambda kind: KINDS[kind].title,
        placeholder="Choose what to look at",
        key=f"{key}_kinds",
        label_visibility="collapsed",
    )
    found: list[Evaluator] = []
    with st.grid("auto", min_column_width=320, gap="small"):
        for kind in kinds:
            with st.container(border=True, gap="small", height="stretch"):
                st.markdown(f":primary[{KINDS[kind].icon}] **{KINDS[kind].title}**")
                st.caption(KINDS[kind].hint)
                made = _FORMS[kind](app, f"{key}_{kind}")
                if made is not None and (fault := evaluator_fault(made)):
                    st.caption(f":red[:material/error: {plain(fault)}]")
                elif made is not None:
                    found.append(made)
    return tuple(found)


def _exact(_: App, key: str) -> Evaluator:
    return Exact(ignore_case=st.toggle("Case does not matter", key=f"{key}_case"))


def _contains(_: App, key: str) -> Evaluator:
    how = st.segmented_control(
        "How", ["any", "all", "none"], default="all", required=True, key=f"{key}_how", label_visibility="collapsed"
    )
    texts = st.text_area(
        "Texts, one a line", key=f"{key}_texts", placeholder="Empty: the lines of what is expected", height=80
    )
    return Contains(how=how or "all", texts=tuple(filter(None, map(str.strip, (texts or "").splitlines()))))


def _regex(_: App, key: str) -> Evaluator:
    pattern = st.text_input("Pattern", key=f"{key}_pattern", placeholder=r"Empty: what is expected. Such as ^\d{5}$")
    return Matches(pattern=(pattern or "").strip(), ignore_case=st.toggle("Case does not matter", key=f"{key}_case"))


def _json_equals(_: App, key: str) -> Evaluator:
    return JsonEquals(ignore_other_fields=st.toggle("Other fields may stand beside it", key=f"{key}_loose"))


def _json_schema(_: App, key: str) -> Evaluator | None:
    text = st.text_area("Schema", key=f"{key}_schema", placeholder="Empty: what is expected is one", height=120)
    schema = _object(text)
    return None if schema is None else JsonSchema(schema=schema)


def _numeric(_: App, key: str) -> Evaluator:
    tolerance = st.number_input("May differ by", 0.0, None, 0.0, key=f"{key}_tolerance", format="%g")
    relative = st.toggle("As a share of the expected number", key=f"{key}_relative")
    which = st.segmented_control(
        "Which number", ["last", "first", "any"], default="last", required=True, key=f"{key}_which"
    )
    return Numeric(tolerance=tolerance or 0.0, relative=relative, which=which or "last")


def _similarity(_: App, key: str) -> Evaluator:
    return Similar(at_least=st.slider("At least", 0.0, 1.0, 0.8, 0.05, format="percent", key=f"{key}_least"))


def _length(_: App, key: str) -> Evaluator:
    unit = st.segmented_control(
        "Unit",
        ["words", "characters", "lines"],
        default="words",
        required=True,
        key=f"{key}_unit",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, gap="small"):
        least = st.number_input("At least", 0, None, None, 1, key=f"{key}_least")
        most = st.number_input("At most", 0, None, 100, 1, key=f"{key}_most")
    return Length(unit=unit or "words", at_least=least, at_most=most)


def _latency(_: App, key: str) -> Evaluator:
    most = st.number_input("Seconds, at most", 0.1, None, 10.0, 0.5, key=f"{key}_most", format="%g")
    first = st.toggle("Only to the first token", key=f"{key}_first")
    return Latency(at_most_s=most or 10.0, until="first_token" if first else "end")


def _tokens(_: App, key: str) -> Evaluator:
    return Tokens(at_most=st.number_input("Tokens, at most", 1, None, 1_000, 100, key=f"{key}_most") or 1_000)


def _cost(_: App, key: str) -> Evaluator:
    most = st.number_input("Dollars, at most", 0.0, None, 0.01, 0.001, key=f"{key}_most", format="%g")
    return Cost(at_most_usd=most or 0.0)


def _tool_use(app: App, key: str) -> Evaluator | None:
    tools = st.multiselect("Tools", [tool.name for tool in app.tools.list()], key=f"{key}_tools")
    how = st.selectbox("Have to be", list(TOOL_USE), format_func=TOOL_USE.__getitem__, key=f"{key}_how")
    times = st.number_input("Times", 0, None, 1, 1, key=f"{key}_times") if how == "at_most" else 1
    arguments: dict[str, Any] | None = {}
    if how == "with_arguments":
        arguments = _object(
            st.text_area("Arguments", key=f"{key}_arguments", placeholder='{"city": "Rome"}', height=80)
        )
    if not tools:
        st.caption("Choose a tool.")
    if not tools or arguments is None:
        return None
    return ToolUse(how=how or "called", tools=tuple(tools), times=times or 0, arguments=arguments)


def _judge(app: App, key: str) -> Evaluator:
    rubric = st.text_area(
        "Rubric",
        key=f"{key}_rubric",
        height=100,
        placeholder="A good answer names the price, says how it was computed and stays under three sentences.",
    )
    with st.container(horizontal=True, gap="small"):
        names = ["", *(one.name for one in app.endpoints.list())]
        endpoint = st.selectbox(
            "Endpoint", names, format_func=lambda name: name or "The default", key=f"{key}_endpoint"
        )
        model = st.text_input("Model", placeholder="The endpoint's default", key=f"{key}_model")
    pass_at = st.slider("Passes from", 0.0, 1.0, 0.7, 0.05, key=f"{key}_pass")
    return Judge(rubric=rubric or "", endpoint=endpoint or "", model=(model or "").strip(), pass_at=pass_at)


def _human(_: App, key: str) -> Evaluator:
    question = st.text_input("Question", "Is this a good answer?", key=f"{key}_question")
    return HumanVote(question=question or "Is this a good answer?")


def _object(text: str | None) -> dict[str, Any] | None:
    """A JSON object; None after saying that it is none. An empty text is an empty one."""
    try:
        value = json.loads(text) if text and text.strip() else {}
    except ValueError as error:
        st.caption(f":red[:material/error: This is not JSON: {plain(str(error))}]")
        return None
    if not isinstance(value, dict):
        st.caption(":red[:material/error: A JSON object is needed here.]")
        return None
    return value


_FORMS: dict[str, Callable[[App, str], Evaluator | None]] = {
    "exact": _exact,
    "contains": _contains,
    "regex": _regex,
    "json_equals": _json_equals,
    "json_schema": _json_schema,
    "numeric": _numeric,
    "similarity": _similarity,
    "length": _length,
    "latency": _latency,
    "tokens": _tokens,
    "cost": _cost,
    "tool_use": _tool_use,
    "judge": _judge,
    "human": _human,
}

assert set(_FORMS) == set(KINDS)
