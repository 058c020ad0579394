"""What each kind of evaluator can be told, as widgets. Each shows what is given and returns what is filled in."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from core.bootstrap import App
from core.domain import evaluator as of
from core.domain.evaluator import Evaluator
from pages.components.evaluation.words import TOOL_USE
from pages.components.text import plain

_HOW = ("any", "all", "none")
_UNITS = ("words", "characters", "lines")
_WHICH = ("last", "first", "any")


def _exact(_: App, key: str, given: of.Exact) -> Evaluator:
    return of.Exact(ignore_case=st.toggle("Case does not matter", given.ignore_case, key=f"{key}_case"))


def _contains(_: App, key: str, given: of.Contains) -> Evaluator:
    how = _one_of("How", _HOW, given.how, f"{key}_how")
    texts = st.text_area(
        "Texts, one a line",
        "\n".join(given.texts),
        key=f"{key}_texts",
        placeholder="Empty: the lines of what is expected",
        height=80,
    )
    ignore_case = st.toggle("Case does not matter", given.ignore_case, key=f"{key}_case")
    return of.Contains(how=how, texts=_lines(texts), ignore_case=ignore_case)


def _regex(_: App, key: str, given: of.Matches) -> Evaluator:
    pattern = st.text_input(
        "Pattern", given.pattern, key=f"{key}_pattern", placeholder=r"Empty: what is expected. Such as ^\d{5}$"
    )
    ignore_case = st.toggle("Case does not matter", given.ignore_case, key=f"{key}_case")
    return of.Matches(pattern=(pattern or "").strip(), ignore_case=ignore_case)


def _json_equals(_: App, key: str, given: of.JsonEquals) -> Evaluator:
    loose = st.toggle("Other fields may stand beside it", given.ignore_other_fields, key=f"{key}_loose")
    return of.JsonEquals(ignore_other_fields=loose)


def _json_schema(_: App, key: str, given: of.JsonSchema) -> Evaluator | None:
    text = st.text_area(
        "Schema", _written(given.schema), key=f"{key}_schema", placeholder="Empty: what is expected is one", height=120
    )
    schema = _object(text)
    return None if schema is None else of.JsonSchema(schema=schema)


def _numeric(_: App, key: str, given: of.Numeric) -> Evaluator:
    tolerance = st.number_input("May differ by", 0.0, None, given.tolerance, key=f"{key}_tolerance", format="%g")
    relative = st.toggle("As a share of the expected number", given.relative, key=f"{key}_relative")
    which = _one_of("Which number", _WHICH, given.which, f"{key}_which", is_labelled=True)
    return of.Numeric(tolerance=tolerance or 0.0, relative=relative, which=which)


def _similarity(_: App, key: str, given: of.Similar) -> Evaluator:
    return of.Similar(at_least=_share("At least", given.at_least, f"{key}_least"))


def _length(_: App, key: str, given: of.Length) -> Evaluator:
    unit = _one_of("Unit", _UNITS, given.unit, f"{key}_unit")
    with st.container(horizontal=True, gap="small"):
        least = st.number_input("At least", 0, None, given.at_least, 1, key=f"{key}_least")
        most = st.number_input("At most", 0, None, given.at_most, 1, key=f"{key}_most")
    return of.Length(unit=unit, at_least=least, at_most=most)


def _latency(_: App, key: str, given: of.Latency) -> Evaluator:
    most = st.number_input("Seconds, at most", 0.1, None, given.at_most_s, 0.5, key=f"{key}_most", format="%g")
    first = st.toggle("Only to the first token", given.until == "first_token", key=f"{key}_first")
    return of.Latency(at_most_s=most or given.at_most_s, until="first_token" if first else "end")


def _tokens(_: App, key: str, given: of.Tokens) -> Evaluator:
    most = st.number_input("Tokens, at most", 1, None, given.at_most, 100, key=f"{key}_most")
    return of.Tokens(at_most=most or given.at_most, of=given.of)


def _cost(_: App, key: str, given: of.Cost) -> Evaluator:
    most = st.number_input("Dollars, at most", 0.0, None, given.at_most_usd, 0.001, key=f"{key}_most", format="%g")
    return of.Cost(at_most_usd=most or 0.0)


def _tool_use(app: App, key: str, given: of.ToolUse) -> Evaluator | None:
    known = [tool.name for tool in app.tools.list()]
    tools = st.multiselect("Tools", list(dict.fromkeys((*known, *given.tools))), list(given.tools), key=f"{key}_tools")
    hows = list(TOOL_USE)
    how = st.selectbox("Have to be", hows, hows.index(given.how), format_func=TOOL_USE.__getitem__, key=f"{key}_how")
    times = st.number_input("Times", 0, None, given.times, 1, key=f"{key}_times") if how == "at_most" else 1
    arguments = _arguments(key, given) if how == "with_arguments" else {}
    if not tools:
        st.caption("Choose a tool.")
    if not tools or arguments is None:
        return None
    return of.ToolUse(how=how or "called", tools=tuple(tools), times=times or 0, arguments=arguments)


def _arguments(key: str, given: of.ToolUse) -> dict[str, Any] | None:
    text = _written(given.arguments)
    return _object(st.text_area("Arguments", text, key=f"{key}_arguments", placeholder='{"city": "Rome"}', height=80))


def _judge(app: App, key: str, given: of.Judge) -> Evaluator:
    rubric = st.text_area(
        "Rubric",
        given.rubric,
        key=f"{key}_rubric",
        height=100,
        placeholder="A good answer names the price, says how it was computed and stays under three sentences.",
    )
    with st.container(horizontal=True, gap="small"):
        names = list(dict.fromkeys(["", *(one.name for one in app.endpoints.list()), given.endpoint]))
        endpoint = st.selectbox(
            "Endpoint",
            names,
            names.index(given.endpoint),
            format_func=lambda name: name or "The default",
            key=f"{key}_endpoint",
        )
        model = st.text_input("Model", given.model, placeholder="The endpoint's default", key=f"{key}_model")
    return of.Judge(
        rubric=rubric or "",
        endpoint=endpoint or "",
        model=(model or "").strip(),
        pass_at=_share("Passes from", given.pass_at, f"{key}_pass"),
        temperature=given.temperature,
        max_tokens=given.max_tokens,
    )


def _human(_: App, key: str, given: of.HumanVote) -> Evaluator:
    question = st.text_input("Question", given.question, key=f"{key}_question")
    return of.HumanVote(question=question or given.question)


def _one_of(label: str, options: tuple[str, ...], given: str, key: str, *, is_labelled: bool = False) -> Any:
    """One of a few words; never none."""
    shown = "visible" if is_labelled else "collapsed"
    return st.segmented_control(label, options, default=given, required=True, key=key, label_visibility=shown) or given


def _share(label: str, given: float, key: str) -> float:
    return st.slider(label, 0.0, 1.0, given, 0.05, format="percent", key=key)


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, (text or "").splitlines())))


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


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


class Fields(NamedTuple):
    """How a kind is begun, and what draws it."""

    blank: Evaluator
    draw: Callable[[App, str, Any], Evaluator | None]
    """What is filled in; None after saying what is lacking."""


FIELDS: dict[str, Fields] = {
    "exact": Fields(of.Exact(), _exact),
    "contains": Fields(of.Contains(), _contains),
    "regex": Fields(of.Matches(), _regex),
    "json_equals": Fields(of.JsonEquals(), _json_equals),
    "json_schema": Fields(of.JsonSchema(), _json_schema),
    "numeric": Fields(of.Numeric(), _numeric),
    "similarity": Fields(of.Similar(), _similarity),
    "length": Fields(of.Length(at_most=100), _length),
    "latency": Fields(of.Latency(at_most_s=10.0), _latency),
    "tokens": Fields(of.Tokens(at_most=1_000), _tokens),
    "cost": Fields(of.Cost(at_most_usd=0.01), _cost),
    "tool_use": Fields(of.ToolUse(how="called", tools=()), _tool_use),
    "judge": Fields(of.Judge(rubric=""), _judge),
    "human": Fields(of.HumanVote(), _human),
}
