"""The arguments of a task: which of them the model sets, and which the person has set for good."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.services.hub_tools import Option
from pages.components.drafting import listed
from pages.components.frame import section
from pages.components.hub_form.draft import WAYS, Form, put_fixed, put_way, way_of
from pages.components.text import plain
from pages.components.tool_trial import typed

_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": []}


def inputs(form: Form, options: Sequence[Option]) -> None:
    section("Inputs", "What you fix, the model is not told of and cannot change.")
    if not options:
        st.caption("It takes none: every call is the same.")
        return
    with st.container(border=True, gap="small"):
        for option in options:
            _input(form, option)


def _input(form: Form, option: Option) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{plain(option.name)}**")
            if option.says:
                st.caption(plain(option.says))
        if option.medium and option.needed:
            st.caption("A file of the conversation, by its name", width="content")
            return
        way = way_of(form.draft, option.name, is_needed=option.needed)
        st.segmented_control(
            f"Who sets {option.name}",
            [one for one in WAYS if one != ("none" if option.needed else "fixed" if option.medium else "")],
            default=way,
            required=True,
            format_func=WAYS.__getitem__,
            label_visibility="collapsed",
            **form.on_change(f"way_{option.name}", put_way(option.name, _empty(option))),
        )
    if way == "fixed":
        _value(form, option, form.draft.fixed[option.name])


def _empty(option: Option) -> Any:
    """What a fixed value begins with."""
    choices = option.choices or option.schema.get("enum") or ()
    first = choices[0] if choices else _EMPTY[option.type]
    return first if option.default is None else option.default


def _value(form: Form, option: Option, value: Any) -> None:
    label = f"Value of {option.name}"
    saves = form.on_change(f"value_{option.name}", put_fixed(option.name))
    match option.type:
        case _ if choices := [*(option.choices or option.schema.get("enum") or ())]:
            index = choices.index(value) if value in choices else 0
            st.selectbox(label, choices, index=index, label_visibility="collapsed", **saves)
        case "integer":
            st.number_input(label, value=int(value), step=1, label_visibility="collapsed", **saves)
        case "number":
            st.number_input(label, value=float(value), format="%g", label_visibility="collapsed", **saves)
        case "boolean":
            st.toggle("Yes", bool(value), **saves)
        case "array":
            change = put_fixed(option.name)
            saves = form.on_change(f"value_{option.name}", lambda draft, text: change(draft, list(listed(text))))
            shown = ", ".join(value)
            st.text_input(label, shown, placeholder="one, two, three", label_visibility="collapsed", **saves)
        case _ if option.schema.get("type", "string") != "string":
            change = put_fixed(option.name)
            saves = form.on_change(
                f"value_{option.name}", lambda draft, text: change(draft, typed(text, option.schema))
            )
            written = json.dumps(value, ensure_ascii=False)
            st.text_input(label, written, placeholder="as JSON", label_visibility="collapsed", **saves)
        case _:
            st.text_input(label, str(value), label_visibility="collapsed", **saves)
