"""From a run to an item of a dataset: its input, and its answer as what is expected."""

from uuid import UUID

import streamlit as st

from core.bootstrap import App
from pages.components.session import say, value_or_say, who

_NEW = "A new dataset"


def add_to_dataset(app: App, run_id: UUID) -> None:
    """The answer becomes what is expected; it can be edited there."""
    with st.popover("Add to dataset", icon=":material/playlist_add:"):
        names = [row.dataset.name for row in app.datasets.list()]
        name = st.selectbox("Dataset", [*names, _NEW], key="add_to")
        if name == _NEW:
            st.text_input("Name", max_chars=100, placeholder="Questions of customers", key="add_to_name")
        st.caption("The input becomes an item, the answer what is expected of it. Edit both in the dataset.")
        st.button("Add", type="primary", key="add_to_dataset", on_click=_add, args=(app, run_id))


def _add(app: App, run_id: UUID) -> None:
    name = st.session_state["add_to"]
    known = app.datasets.by_name(name)
    dataset = known or value_or_say(app.datasets.create(st.session_state.get("add_to_name") or "", who()))
    if dataset is not None and value_or_say(app.datasets.add_runs(dataset.id, [run_id], who())):
        say(f"Added to {dataset.name}.")
