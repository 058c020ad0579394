"""An answer that fits its schema, as a table a person reads; the text as it came one click away."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import streamlit as st

from core.domain.answer import Fit
from pages.components.text import counted

_WIDEST = 6
"""Lists of objects with more fields than this are drawn one below the other: columns would be too narrow."""


def structured(text: str, key: str) -> None:
    """`text` has to be JSON. Everything in it is escaped, since a model wrote it; numbers keep every digit."""
    st.html(f'<div class="scroll">{as_table(json.loads(text, parse_float=str))}</div>')
    with st.popover("As it came", type="tertiary", icon=":material/data_object:", key=f"raw_answer_{key}"):
        st.code(text, language="json", wrap_lines=True, height=320 if len(text) > 600 else "content")


def misfit_note(fit: Fit, key: str) -> None:
    """Where an answer does not fit what was asked for, place by place."""
    with st.container(border=True, gap="xsmall", key=f"tool_refused_misfit_{key}"):
        places = counted(len(fit.misfits), "place")
        st.markdown(f":orange[:material/rule:] **The answer does not fit its schema** :gray[· {places}]")
        for misfit in fit.misfits:
            st.text(misfit)
        st.caption("It is shown as the model wrote it. Nothing was changed and nothing was asked again.")


def as_table(value: Any) -> str:
    """HTML of a value: fields as rows, a list of like objects as a table with columns."""
    match value:
        case dict() if value:
            return _table(_row(f'<th scope="row">{escape(name)}</th>', as_table(one)) for name, one in value.items())
        case list() if columns := _columns(value):
            return _with_columns(columns, value)
        case list() if value:
            return _table(_row("", as_table(one)) for one in value)
        case _:
            return _plain(value)


def _table(rows: Iterable[str], head: str = "") -> str:
    return f'<table class="structured">{head}<tbody>{"".join(rows)}</tbody></table>'


def _row(head: str, *cells: str) -> str:
    return f"<tr>{head}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _columns(rows: Sequence[Any]) -> list[str]:
    """The fields of a list of objects, in the order in which they come; none where a table would not help."""
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        return []
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    nested = any(isinstance(value, dict | list) for row in rows for value in row.values())
    return [] if nested or len(names) > _WIDEST else names


def _with_columns(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = (_row("", *(_plain(row[name]) if name in row else "" for name in columns)) for row in rows)
    return _table(body, f"<thead><tr>{head}</tr></thead>")


def _plain(value: Any) -> str:
    match value:
        case None:
            return "<i>null</i>"
        case bool():
            return "yes" if value else "no"
        case str():
            return escape(value) or "<i>empty</i>"
        case dict() | list():
            return "<i>none</i>"
        case _:
            return escape(str(value))
