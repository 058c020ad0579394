"""Every model of an endpoint: searched, compared by context, price and abilities, one of them chosen."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.bootstrap import App
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo, ModelList, found_in
from pages.components.asking import while_asked
from pages.components.frame import Part, quiet
from pages.components.text import counted, plain

PATIENCE_S = 0.3
"""Most servers list their models within it, and the page then needs no second drawing."""
_ROW_PX, _MOST_PX = 35, 420
_COLUMNS = {
    "model": st.column_config.TextColumn("Model", width="medium"),
    "context": st.column_config.NumberColumn("Context", format="localized", help="Tokens that fit"),
    "input": st.column_config.NumberColumn("In", format="$%g", help="US dollars for a million tokens read"),
    "output": st.column_config.NumberColumn("Out", format="$%g", help="US dollars for a million tokens written"),
    "tools": st.column_config.TextColumn("Tools", width="small"),
    "images": st.column_config.TextColumn("Images", width="small"),
    "schema": st.column_config.TextColumn("Schema", width="small", help="Keeps to a JSON schema"),
    "providers": st.column_config.TextColumn("Served by", width="medium"),
}
_TOLD = {True: "yes", False: "no", None: ""}


def list_line(app: App, endpoint: Endpoint, key: str) -> ModelList:
    """What is known of an endpoint's models, with a line that says how many, since when, and a button to ask again."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        line = st.container(width="stretch")
        fresh = st.button("", icon=":material/refresh:", type="tertiary", help="Ask it again", key=f"again_{key}")
    told = app.endpoints.catalogue_now(endpoint, fresh=fresh, patience_s=PATIENCE_S)
    with line:
        quiet(*_state(told), small=True)
    if told.is_asked:
        name = plain(endpoint.name)
        while_asked(
            lambda: app.endpoints.catalogue_now(endpoint).is_asked, f"Asking {name} for its models…", f"asks_{key}"
        )
    return told


def _state(told: ModelList) -> list[Part]:
    count = counted(len(told.models), "model") if told.models or not told.problem else ""
    since: list[Part] = [("told", told.at)] if told.at and count else []
    if told.at is None and told.is_asked:
        return ["No list yet"]
    return [count, *since, told.problem]


def model_table(told: ModelList, key: str) -> str:
    """The name of the model whose row was chosen; empty while none is."""
    if not told.models:
        return ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = st.text_input(
            "Search models",
            placeholder="Search models",
            icon=":material/search:",
            label_visibility="collapsed",
            key=f"search_{key}",
            live=True,
        )
        tools_only = st.toggle(
            "Calls tools", key=f"tools_{key}", disabled=not any(one.supports_tools for one in told.models)
        )
    found = found_in(told.models, search or "", tools_only=tools_only)
    if not found:
        st.caption("No model has these words in its name.")
        return ""
    chosen = st.dataframe(
        [_row(model) for model in found],
        column_order=_told(found),
        column_config=_COLUMNS,
        hide_index=True,
        placeholder="",
        height=min(_MOST_PX, _ROW_PX * (len(found) + 1) + 3),
        on_select="rerun",
        selection_mode="single-row",
        key=f"table_{key}",
    )
    rows = [row for row in chosen["selection"]["rows"] if row < len(found)]
    return found[rows[0]].name if rows else ""


def _row(model: ModelInfo) -> dict[str, Any]:
    price = model.shown_price
    return {
        "model": model.name,
        "context": model.context_tokens,
        "input": price.input_usd if price else None,
        "output": price.output_usd if price else None,
        "tools": _TOLD[model.supports_tools],
        "images": _TOLD[model.supports_images],
        "schema": _TOLD[model.supports_schemas],
        "providers": ", ".join(provider.name for provider in model.providers if provider.is_live),
    }


def _told(models: Sequence[ModelInfo]) -> list[str]:
    """The columns in which at least one model has something."""
    rows = [_row(model) for model in models]
    return [column for column in _COLUMNS if any(row[column] not in {None, ""} for row in rows)]
