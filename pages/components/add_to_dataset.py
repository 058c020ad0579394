"""From a run to an item of a dataset: its input, and its answer as what is expected."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from pages.components.session import say, show_said, value_or_say, who

_NEW = "A new dataset"
_MEANS = "The input becomes an item, the answer what is expected of it. Edit both in the dataset."


def add_to_dataset(
    app: App, runs: Mapping[str, UUID], key: str = "", *, rank: Literal["secondary", "tertiary"] = "secondary"
) -> None:
    """The answer becomes what is expected; it can be edited there. `runs`: those to choose from, by what they are."""
    with st.popover("Add to dataset", icon=":material/playlist_add:", type=rank, key=f"add_box{key}"):
        _which(app, key)
        if len(runs) > 1:
            st.segmented_control(
                "Whose answer is expected?", list(runs), default=next(iter(runs)), required=True, key=f"add_whose{key}"
            )
        st.caption(_MEANS)
        st.button("Add", type="primary", key=f"add_to_dataset{key}", on_click=_add, args=(app, runs, key))


@st.dialog("Add to dataset")
def add_answer(app: App, run_id: UUID) -> None:
    """The same in a dialog, for a page with many answers."""
    key = f"_{run_id}"
    _which(app, key)
    st.caption(_MEANS)
    if st.button("Add", type="primary", key=f"add_to_dataset{key}") and _added(app, {"": run_id}, key):
        st.rerun()
    show_said()


def _which(app: App, key: str) -> None:
    names = [row.dataset.name for row in app.datasets.list()]
    name = st.selectbox("Dataset", [*names, _NEW], key=f"add_to{key}")
    if name == _NEW:
        st.text_input("Name", max_chars=100, placeholder="Questions of customers", key=f"add_to_name{key}")


def _add(app: App, runs: Mapping[str, UUID], key: str) -> None:
    _added(app, runs, key)


def _added(app: App, runs: Mapping[str, UUID], key: str) -> bool:
    known = app.datasets.by_name(st.session_state[f"add_to{key}"])
    name = st.session_state.get(f"add_to_name{key}") or ""
    dataset = known or value_or_say(app.datasets.create(name, who()))
    run_id = runs[st.session_state.get(f"add_whose{key}") or next(iter(runs))]
    if dataset is None or not value_or_say(app.datasets.add_runs(dataset.id, [run_id], who())):
        return False
    say(f"Added to {dataset.name}.")
    return True
