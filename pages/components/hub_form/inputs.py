"""The arguments of a task: which of them the model sets, and which the person has set for good."""

from typing import Any

import streamlit as st

from core.services.hub_tools import Option, Task
from pages.components.drafting import listed
from pages.components.frame import section
from pages.components.hub_form.draft import WAYS, Form, put_fixed, put_way, way_of
from pages.components.text import plain

_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": []}


def inputs(form: Form, task: Task) -> None:
    section("Inputs", "What you fix, the model is not told of and cannot change.")
    with st.container(border=True, gap="small"):
        for option in task.options:
            _input(form, option)


def _input(form: Form, option: Option) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{plain(option.name)}**")
            if option.says:
                st.caption(plain(option.says))
        if option.medium:
            st.caption("A file of the conversation, by its name", width="content")
            return
        way = way_of(form.draft, option.name, is_needed=option.needed)
        st.segmented_control(
            f"Who sets {option.name}",
            [one for one in WAYS if one != "none" or not option.needed],
            default=way,
            required=True,
            format_func=WAYS.__getitem__,
            label_visibility="collapsed",
            **form.on_change(f"way_{option.name}", put_way(option.name, _EMPTY[option.type])),
        )
    if way == "fixed":
        _value(form, option, form.draft.fixed[option.name])


def _value(form: Form, option: Option, value: Any) -> None:
    label = f"Value of {option.name}"
    saves = form.on_change(f"value_{option.name}", put_fixed(option.name))
    match option.type:
        case "integer":
            st.number_input(label, value=int(value), step=1, label_visibility="collapsed", **saves)
        case "number":
            st.number_input(label, value=float(value), label_visibility="collapsed", **saves)
        case "boolean":
            st.toggle("Yes", bool(value), **saves)
        case "array":
            change = put_fixed(option.name)
            saves = form.on_change(f"value_{option.name}", lambda draft, text: change(draft, list(listed(text))))
            shown = ", ".join(value)
            st.text_input(label, shown, placeholder="one, two, three", label_visibility="collapsed", **saves)
        case "string" if option.choices:
            st.selectbox(label, option.choices, label_visibility="collapsed", **saves)
        case _:
            st.text_input(label, str(value), label_visibility="collapsed", **saves)
