"""The variables of a prompt, each with its type, its default and its choices: one row a variable."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import streamlit as st

from core.domain.agent import Variable, VariableType
from pages.components.text import plain

_TYPES: dict[VariableType, str] = {
    "text": "Text",
    "long_text": "Long text",
    "number": "Number",
    "choice": "Choice",
    "yes_no": "Yes or no",
    "date": "Date",
}
assert set(_TYPES) == set(get_args(VariableType))

Put = Callable[[Variable, Any], Variable]
Bind = Callable[[str, Put], dict[str, Any]]
"""The key, and what else a widget needs, by the widget's field and what its value changes of the variable."""


def variable_row(variable: Variable, bind: Bind) -> Variable:
    """The variable as the widgets hold it now."""
    name, kind, default = st.columns([3, 3, 4], vertical_alignment="center", gap="small")
    name.markdown(f"**{plain(variable.name)}**")
    chosen = kind.selectbox(
        f"Type of {variable.name}",
        list(_TYPES),
        index=list(_TYPES).index(variable.type),
        format_func=_TYPES.__getitem__,
        label_visibility="collapsed",
        **bind("type", _put_type),
    )
    start = default.text_input(
        f"Default of {variable.name}",
        variable.default,
        placeholder="Default",
        label_visibility="collapsed",
        **bind("default", _put_default),
    )
    held = _put_default(_put_type(variable, chosen), start)
    if chosen != "choice":
        return held
    choices = st.text_input(
        f"Choices of {variable.name}",
        ", ".join(variable.choices),
        placeholder="Choices, with commas between them",
        label_visibility="collapsed",
        **bind("choices", _put_choices),
    )
    return _put_choices(held, choices)


def _put_type(variable: Variable, value: VariableType) -> Variable:
    return msgspec.structs.replace(variable, type=value)


def _put_default(variable: Variable, text: str | None) -> Variable:
    return msgspec.structs.replace(variable, default=text or "")


def _put_choices(variable: Variable, text: str | None) -> Variable:
    choices = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    return msgspec.structs.replace(variable, choices=choices)
