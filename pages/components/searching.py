"""The search field of a list. What is searched for stands in the address."""

import streamlit as st


def search_field(what: str, key: str = "q") -> str:
    """What the person searches for, as it is typed; `what`: the things of the list."""
    typed = st.text_input(
        "Search",
        placeholder=f"Search {what}",
        icon=":material/search:",
        label_visibility="collapsed",
        width=280,
        key=key,
        bind="query-params",
        live=True,
    )
    return typed or ""
