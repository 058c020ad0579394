"""Typed inputs for the variables of a prompt. Values are text, as they are rendered."""

from collections.abc import Iterable
from datetime import date

import streamlit as st

from core.domain.agent import Variable


def variable_inputs(variables: Iterable[Variable], place: str) -> dict[str, str]:
    """One input a variable, in a grid; what the person gave, defaults included. What is left empty is not given."""
    with st.grid(3, min_column_width=150, gap="small"):
        given = {variable.name: _input(variable, f"var_{place}_{variable.name}") for variable in variables}
    return {name: value for name, value in given.items() if value}


def _input(variable: Variable, key: str) -> str:
    name, default = variable.name, variable.default
    match variable.type:
        case "text":
            return st.text_input(name, default, key=key, persist_state="session") or ""
        case "long_text":
            return st.text_area(name, default, key=key, height=80, persist_state="session") or ""
        case "number":
            value = st.number_input(name, value=_number(default), key=key, persist_state="session")
            return "" if value is None else f"{value:g}"
        case "choice":
            index = variable.choices.index(default) if default in variable.choices else None
            return st.selectbox(name, variable.choices, index=index, key=key, persist_state="session") or ""
        case "yes_no":
            return "yes" if st.toggle(name, default in {"yes", "true"}, key=key, persist_state="session") else "no"
        case "date":
            return _date_input(name, default, key)


def _date_input(name: str, default: str, key: str) -> str:
    try:
        start: date | None = date.fromisoformat(default)
    except ValueError:
        start = None
    value = st.date_input(name, value=start, key=key, persist_state="session")
    return value.isoformat() if isinstance(value, date) else ""


def _number(text: str) -> float | int | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
