"""The winner becomes the agent's new revision, or an agent of its own."""

import streamlit as st

from core.domain.diff import spec_diff
from core.domain.result import Err
from core.domain.variant import SavedSpec, Variant
from pages.components.compare.board import Board, Standing
from pages.components.diff import spec_difference
from pages.components.session import say, who
from pages.components.text import plain, short

_NOTE_CHARS = 60


@st.dialog("Keep this column", width="large")
def save_winner(board: Board, standing: Standing) -> None:
    if standing.resolved is None:
        st.error(plain(standing.problem), icon=":material/error:")
    elif standing.resolved.agent is None:
        _as_agent(board, standing)
    else:
        _as_revision(board, standing)


def _as_revision(board: Board, standing: Standing) -> None:
    resolved = standing.resolved
    assert resolved is not None
    assert resolved.agent is not None
    difference = spec_diff(board.app.agents.live_spec(resolved.agent), resolved.spec)
    name = plain(resolved.agent.name)
    if difference.count == 0:
        st.markdown(f"This is what **{name}** runs already: there is nothing to save.")
        return
    number = board.app.agents.next_number(resolved.agent.id)
    when = "live once its gate lets it through" if resolved.agent.gate else "live at once"
    st.markdown(f"It becomes revision {number} of **{name}**, {when}. What changes:")
    spec_difference(difference)
    note = st.text_input("Note", f"Won: {short(board.comparison.title, _NOTE_CHARS)}", max_chars=200)
    if st.button(f"Save as revision {number}", type="primary", icon=":material/save:"):
        saved = board.app.comparisons.save_winner(board.comparison.id, standing.column.id, who(), note or "")
        if isinstance(saved, Err):
            st.error(plain(saved.message), icon=":material/error:")
            return
        is_live = saved.value.held is None
        what = "is live" if is_live else "is saved; its gate keeps it from going live until it is proved"
        say(f"Revision {saved.value.revision.number} of {resolved.agent.name} {what}.")
        st.rerun()


def _as_agent(board: Board, standing: Standing) -> None:
    """The column then stands for the new agent."""
    assert standing.resolved is not None
    name = st.text_input("Name", standing.column.variant.name, max_chars=100)
    if not st.button("Save as an agent", type="primary", icon=":material/save:"):
        return
    made = board.app.agents.create((name or "").strip(), standing.resolved.spec, who())
    if isinstance(made, Err):
        st.error(plain(made.message), icon=":material/error:")
        return
    variant = Variant(source=SavedSpec(agent_id=made.value.id), name=standing.column.variant.name)
    board.app.comparisons.change_column(board.comparison.id, standing.column.id, variant)
    say(f"{made.value.name} is among your agents.")
    st.rerun()
