"""Searching by meaning: whether it is on, how far the vectors are, and what makes them."""

import streamlit as st

from core.bootstrap import App
from core.domain.knowledge import Collection
from core.domain.result import Err
from pages.components.asking import while_asked
from pages.components.frame import quiet
from pages.components.session import may, say
from pages.components.text import grouped, plain

_OFF = "Words only"


def meaning_state(app: App, collection: Collection) -> None:
    """One line below the test box."""
    vectors = app.knowledge.vectors(collection.id)
    if not collection.made_by:
        quiet(vectors.problem or "By words alone. More → Search by meaning adds an endpoint's vectors.", small=True)
        return
    if vectors.problem:
        st.caption(f":orange[:material/error:] No vectors are made now: {plain(vectors.problem)}")
        if may("builder"):
            st.button("Try again", icon=":material/refresh:", type="tertiary", on_click=_again, args=(app, collection))
    elif vectors.there < vectors.total:
        words = f"Vectors: {grouped(vectors.there)} of {grouped(vectors.total)} passages …"
        while_asked(lambda: _goes_on(app, collection, vectors.there), words, "vectors")
    else:
        quiet(f"By words and by meaning: {collection.model} at {collection.endpoint}", small=True)


def meaning_form(app: App, collection: Collection) -> None:
    """Which endpoint is asked for vectors; every passage and every question goes there."""
    names = (_OFF, *app.knowledge.vector_endpoints())
    at = names.index(collection.endpoint) if collection.endpoint in names else 0
    with st.form("meaning", border=False):
        endpoint = st.selectbox("Search by meaning", names, at, help="Its passages and each question go there.")
        model = st.text_input("Embedding model", collection.model, placeholder="BAAI/bge-small-en-v1.5")
        if st.form_submit_button("Save"):
            chosen = ("", "") if endpoint == _OFF else (endpoint, model or "")
            changed = app.knowledge.search_by_meaning(collection.id, *chosen)
            if isinstance(changed, Err):
                st.error(plain(changed.message), icon=":material/error:")
            else:
                say("Saved.")
                st.rerun()


def _goes_on(app: App, collection: Collection, before: int) -> bool:
    now = app.knowledge.vectors(collection.id)
    return now.there == before and now.there < now.total and not now.problem


def _again(app: App, collection: Collection) -> None:
    app.knowledge.search_by_meaning(collection.id, collection.endpoint, collection.model)
