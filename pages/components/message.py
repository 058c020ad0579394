"""Your message in a conversation: edit it, and move between what was said in its place."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.branches import below, left_behind, siblings
from core.domain.run import Run
from core.domain.side_effects import side_effects
from core.services.runs import RunView
from pages.components.files import shown_files
from pages.components.session import may
from pages.components.text import plain
from pages.components.turn import is_live, you

_EDITING = "editing"


@dataclass(frozen=True, slots=True)
class Tree:
    """Every run of a conversation, and what each of them changed in the world."""

    runs: Sequence[Run]
    effects: Mapping[UUID, Counter[str]]
    is_busy: bool
    """An answer is under way on the branch that is shown."""
    say_instead: Callable[[RunView, str], bool]
    """Begin a new branch with another message in the place of one; False: it was refused."""

    def effects_of(self, runs: Sequence[Run]) -> Counter[str]:
        return sum((self.effects.get(run.id, Counter()) for run in runs), Counter())


def tree(
    app: App,
    runs: Sequence[Run],
    path: Sequence[Run],
    shown: Sequence[RunView],
    say_instead: Callable[[RunView, str], bool],
) -> Tree:
    """`path`: the branch that is shown, of which `shown` are drawn. Of others only those that called tools are read."""
    on_path = {run.id for run in path}
    beside = [run.id for run in runs if run.id not in on_path and run.totals.calls_executed]
    states = {view.run.id: view.state for view in shown}
    states |= {view.run.id: view.state for view in app.runs.views(beside)}
    effects = {run_id: side_effects([state]) for run_id, state in states.items()}
    return Tree(runs, effects, any(is_live(view.run) for view in shown), say_instead)


def message(view: RunView, tree: Tree, place: str) -> None:
    """What the person said, with its place among the branches."""
    run, key = view.run, f"{place}_{view.run.id}"
    versions = siblings(tree.runs, run)
    with st.container(gap="xxsmall"):
        if st.session_state.get(_EDITING) == run.id and not tree.is_busy:
            _edit(view, tree, key)
        else:
            with st.container(key=f"you_{key}"):
                you(view.state.input, view.state.attachments)
                _bar(run, versions, tree, key)
        if effects := tree.effects_of(left_behind(tree.runs, run)):
            other = "The other branch" if len(versions) == 2 else "The other branches"
            st.caption(f":orange[:material/info:] {other} called {in_words(effects)}. Nothing of that is undone.")


def in_words(effects: Mapping[str, int]) -> str:
    """`notebook_write` twice and `send_mail` once."""
    parts = [f"**{plain(name)}** {'once' if times == 1 else f'{times} times'}" for name, times in effects.items()]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _bar(run: Run, versions: Sequence[Run], tree: Tree, key: str) -> None:
    with st.container(horizontal=True, gap=None, vertical_alignment="center", width="content", key=f"youbar_{key}"):
        if len(versions) > 1:
            _switch(run, versions, key)
        if not may("builder"):
            return
        st.button(
            "Edit",
            icon=":material/edit:",
            type="tertiary",
            help="Say something else here: a new branch. What was said stays.",
            disabled=tree.is_busy,
            key=f"icon_edit_{key}",
            on_click=_begin,
            args=(run.id,),
        )


def _switch(run: Run, versions: Sequence[Run], key: str) -> None:
    """`‹ 2/3 ›`, oldest first."""
    at = next(place for place, version in enumerate(versions) if version.id == run.id)
    for label, icon, to in (("Earlier", "chevron_left", at - 1), ("Later", "chevron_right", at + 1)):
        if label == "Later":
            st.caption(f"{at + 1}/{len(versions)}", width="content")
        st.button(
            label,
            icon=f":material/{icon}:",
            type="tertiary",
            help=f"{label} version of this message",
            disabled=not 0 <= to < len(versions),
            key=f"icon_{label.lower()}_{key}",
            on_click=show_branch,
            args=(versions[to % len(versions)].id,),
        )


def show_branch(run_id: UUID) -> None:
    """The address names the branch: reload, back and a second tab show the same."""
    st.query_params["leaf"] = str(run_id)
    st.query_params.pop("run", None)


def _begin(run_id: UUID) -> None:
    st.session_state[_EDITING] = run_id


def _stop_editing() -> None:
    st.session_state.pop(_EDITING, None)


def _edit(view: RunView, tree: Tree, key: str) -> None:
    text_key = f"edit_text_{key}"
    with st.form(f"edit_{key}"):
        st.text_area(
            "Your message",
            view.state.input,
            height="content",
            label_visibility="collapsed",
            key=text_key,
            persist_state="session",
        )
        shown_files(view.state.attachments)
        if effects := tree.effects_of([view.run, *below(tree.runs, [view.run.id])]):
            st.caption(
                f":orange[:material/info:] What you leave behind called {in_words(effects)}. That is not undone."
            )
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button(
                "Send", type="primary", icon=":material/send:", on_click=_say_instead, args=(view, tree, text_key)
            )
            st.form_submit_button("Cancel", on_click=_stop_editing)


def _say_instead(view: RunView, tree: Tree, text_key: str) -> None:
    if tree.say_instead(view, str(st.session_state[text_key])):
        _stop_editing()
