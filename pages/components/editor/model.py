"""Who answers: endpoint, model, provider, and the parameters that are sent."""

from typing import Any

import streamlit as st

from core.domain.agent import Parameters
from pages.components.editor.answer_format import answer_format
from pages.components.editor.draft import Draft, lines, put, put_parameter
from pages.components.editor.model_choice import pick_model
from pages.components.model_badge import model_badge
from pages.components.text import plain

_EFFORTS = ("minimal", "low", "medium", "high")
_TOOL_CHOICES = {"auto": "The model chooses", "none": "No tool", "required": "Some tool, always"}
_UNSET = "not sent"


def model(draft: Draft) -> None:
    spec = draft.spec
    choice = draft.app.endpoints.choose(spec.endpoint)
    model_badge(choice, spec)
    if choice.better:
        st.caption(plain(choice.better))
    _endpoint(draft)
    if choice.endpoint.kind == "local" or choice.endpoint.base_url:  # not the demo, nor an endpoint that is gone
        pick_model(draft, choice.endpoint)
    _sampling(draft, spec.parameters)
    answer_format(draft)
    with st.expander("More parameters", type="compact", icon=":material/tune:", key=draft.key("more")):
        _more(draft, spec.parameters)


def _endpoint(draft: Draft) -> None:
    names = ["", *(endpoint.name for endpoint in draft.app.endpoints.list())]
    current = draft.spec.endpoint
    if current not in names:
        names.append(current)
    st.selectbox(
        "Endpoint",
        names,
        index=names.index(current),
        format_func=lambda name: name or "Whichever answers now",
        **draft.on_change("endpoint", put("endpoint")),
    )


def _sampling(draft: Draft, given: Parameters) -> None:
    st.caption("Left empty, a parameter is not sent and the server decides.")
    with st.grid(4, min_column_width=110, gap="small"):
        _number(draft, "Temperature", "temperature", given.temperature, 0.0, 2.0, 0.1)
        _number(draft, "Top-p", "top_p", given.top_p, 0.0, 1.0, 0.05)
        _number(draft, "Max tokens", "max_tokens", given.max_tokens, 1, 1_000_000, 1)
        _number(draft, "Seed", "seed", given.seed, 0, 2**53 - 1, 1)


def _number(draft: Draft, label: str, field: str, value: Any, low: Any, high: Any, step: Any) -> None:
    st.number_input(
        label,
        low,
        high,
        value,
        step,
        placeholder=_UNSET,
        format="%g" if isinstance(step, float) else "%d",
        **draft.on_change(field, put_parameter(field)),
    )


def _more(draft: Draft, given: Parameters) -> None:
    with st.grid(3, min_column_width=150, gap="small"):
        _number(draft, "Frequency penalty", "frequency_penalty", given.frequency_penalty, -2.0, 2.0, 0.1)
        _number(draft, "Presence penalty", "presence_penalty", given.presence_penalty, -2.0, 2.0, 0.1)
        st.selectbox(
            "Reasoning effort",
            _EFFORTS,
            index=_EFFORTS.index(given.reasoning_effort) if given.reasoning_effort in _EFFORTS else None,
            placeholder=_UNSET,
            **draft.on_change("reasoning_effort", put_parameter("reasoning_effort")),
        )
    st.text_area(
        "Stop at, one a line",
        "\n".join(given.stop),
        height=80,
        placeholder=_UNSET,
        **draft.on_change("stop", lambda spec, text: put_parameter("stop")(spec, lines(text))),
    )
    _tool_choice(draft, given)


def _tool_choice(draft: Draft, given: Parameters) -> None:
    """Neither is sent where the agent has no tools."""
    options = [*_TOOL_CHOICES, *(tool.name for tool in draft.spec.tools)]
    current = given.tool_choice
    if current is not None and current not in options:
        options.append(current)
    with st.grid(2, min_column_width=150, gap="small"):
        st.selectbox(
            "Tool choice",
            options,
            index=options.index(current) if current is not None else None,
            format_func=lambda name: _TOOL_CHOICES.get(name, f"Always call {name}"),
            placeholder=_UNSET,
            help="Holds for every step: a model that must call a tool goes on until its limit of steps.",
            **draft.on_change("tool_choice", put_parameter("tool_choice")),
        )
        st.selectbox(
            "Several calls in one step",
            [True, False],
            index=None if given.parallel_tool_calls is None else int(not given.parallel_tool_calls),
            format_func=lambda allowed: "Allowed" if allowed else "One at a time",
            placeholder=_UNSET,
            **draft.on_change("parallel_tool_calls", put_parameter("parallel_tool_calls")),
        )
