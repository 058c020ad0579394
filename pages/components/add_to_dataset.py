"""From a run to an item of a dataset: its input, and its answer as what is expected."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from pages.components.session import say, value_or_say, who

_NEW = "A new dataset"


def add_to_dataset(
    app: App, runs: Mapping[str, UUID], key: str = "", *, rank: Literal["secondary", "tertiary"] = "secondary"
) -> None:
    """The answer becomes what is expected; it can be edited there. `runs`: those to choose from, by what they are."""
    with st.popover("Add to dataset", icon=":material/playlist_add:", type=rank, key=f"add_box{key}"):
        names = [row.dataset.name for row in app.datasets.list()]
        name = st.selectbox("Dataset", [*names, _NEW], key=f"add_to{key}")
        if name == _NEW:
            st.text_input("Name", max_chars=100, placeholder="Questions of customers", key=f"add_to_name{key}")
        if len(runs) > 1:
            st.segmented_control(
                "Whose answer is expected?", list(runs), default=next(iter(runs)), required=True, key=f"add_whose{key}"
            )
        st.caption("The input becomes an item, the answer what is expected of it. Edit both in the dataset.")
        st.button("Add", type="primary", key=f"add_to_dataset{key}", on_click=_add, args=(app, runs, key))


def _add(app: App, runs: Mapping[str, UUID], key: str) -> None:
    known = app.datasets.by_name(st.session_state[f"add_to{key}"])
    name = st.session_state.get(f"add_to_name{key}") or ""
    dataset = known or value_or_say(app.datasets.create(name, who()))
    run_id = runs[st.session_state.get(f"add_whose{key}") or next(iter(runs))]
    if dataset is not None and value_or_say(app.datasets.add_runs(dataset.id, [run_id], who())):
        say(f"Added to {dataset.name}.")
