"""What one column made of one message: its steps as they happen, what they took, and what can be done with it."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.comparison import Cell, parent_of
from core.domain.result import Ok
from core.domain.spread import spread
from core.errors import Fault
from core.services.runs import RunView
from pages.components.compare.board import Board, Standing
from pages.components.compare.numbers import numbers_of, numbers_table, spread_table
from pages.components.copy_button import copy_button
from pages.components.decide import decide
from pages.components.frame import quiet
from pages.components.session import value_or_say, who
from pages.components.state import run_state, state_badge, state_text
from pages.components.text import plain
from pages.components.turn import Commands, fault_card, is_live, said, steps_of, stopped_by

_WAITING = "compare_waiting"
_REPEATS_S = 1.0


def cell(board: Board, turn: int, standing: Standing, best: dict[str, str]) -> None:
    """The card of a column at a message."""
    found = board.cell(turn, standing)
    view = board.view(turn, standing)
    key = f"{turn}_{standing.column.id.hex}"
    with st.container(border=True, gap="small", height="stretch", key=f"cell_{key}"):
        if view is None:
            _head(board, turn, standing, found, None)
            _not_asked(board, turn, standing, found)
            return
        if is_live(view.run):
            _live(board, turn, standing, view.run.id)
        else:
            with st.container(gap="small"):  # as deep as the fragment of a live one: nothing is drawn anew
                _head(board, turn, standing, found, view)
                _answer(board, view, turn, key)
                _ending(view, key)
        with st.container(gap="small", key=f"below_{key}"):  # at the same height in every column
            if len(found.runs) > 1:
                _repeats(board, found)
            if not is_live(view.run):
                _foot(board, turn, standing, view, best)


@st.fragment
def _live(board: Board, turn: int, standing: Standing, run_id: UUID) -> None:
    view = board.app.runs.view(run_id)
    if view is None or not is_live(view.run) or _newly_waits(view):
        st.rerun()  # the numbers, the composer and what stands above the columns are drawn anew
    with st.container(gap="small"):
        _head(board, turn, standing, board.cell(turn, standing), view)
        _answer(board, view, turn, f"{turn}_{standing.column.id.hex}")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key=f"stop_{run_id}",
            on_click=_stop,
            args=(board, standing),
        )


def _newly_waits(view: RunView) -> bool:
    """A call that waits may be the same in two columns: the page looks at all of them once."""
    seen: dict[UUID, int] = st.session_state.setdefault(_WAITING, {})
    if view.run.status != "waiting" or seen.get(view.run.id) == view.state.next_seq:
        return False
    seen[view.run.id] = view.state.next_seq
    return True


def _head(board: Board, turn: int, standing: Standing, found: Cell, view: RunView | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        title = plain(standing.title) or f"Answer {standing.letter}"
        letter = f":primary[**{standing.letter}**] " if standing.title else ""
        st.markdown(f"{letter}{title}", width="stretch")
        if len(found.runs) > 1:
            _switch(board, turn, standing, found)
        if view is not None:
            state_badge(run_state(view.run))


def _switch(board: Board, turn: int, standing: Standing, found: Cell) -> None:
    """`‹ 2/3 ›`: the runs of one message, oldest first. The one that is shown is gone on from."""
    key = f"{turn}_{standing.column.id.hex}"
    with st.container(horizontal=True, gap=None, vertical_alignment="center", width="content", wrap=False):
        for label, icon, to in (
            ("Earlier", "chevron_left", found.shown - 1),
            ("Later", "chevron_right", found.shown + 1),
        ):
            if label == "Later":
                st.caption(f"{found.shown + 1}/{len(found.runs)}", width="content")
            st.button(
                label,
                icon=f":material/{icon}:",
                type="tertiary",
                help=f"{label} run of this message",
                disabled=not 0 <= to < len(found.runs) or turn != board.last,
                key=f"icon_{label.lower()}_{key}",
                on_click=_show,
                args=(board, turn, standing, to),
            )


def _answer(board: Board, view: RunView, turn: int, key: str) -> None:
    commands = Commands(again=lambda _: None, decide=partial(decide, board.app))
    newest = turn == board.last > 0  # the page goes along with it; a first message stands at the top anyway
    steps_of(view, commands, place=f"compare_{key}", narrow=True, last=newest)


def _ending(view: RunView, key: str) -> None:
    match view.run.status:
        case "failed":
            fault = view.state.ended.error if view.state.ended else None
            fault_card(fault or Fault(kind=view.run.error_kind or "internal", message=""), f"tool_failed_end_{key}")
        case "cancelled":
            st.markdown(state_text("stopped") + stopped_by(view))
        case _:
            pass


def _not_asked(board: Board, turn: int, standing: Standing, found: Cell) -> None:
    """A column that was added later, or whose run could not be started."""
    parent = parent_of(board.comparison, turn, standing.column.id)
    if found.problem:
        st.markdown(":red[:material/error:] **This could not be started**")
        st.text(found.problem)
    elif isinstance(parent, Ok):
        st.caption("This column has not been asked yet.")
    else:
        st.caption(f":material/info: {plain(parent.message)}")
    if isinstance(parent, Ok):
        st.button(
            "Try again" if found.problem else "Run here",
            icon=":material/play_arrow:",
            key=f"run_here_{turn}_{standing.column.id.hex}",
            on_click=run_again,
            args=(board, turn, [standing.column.id]),
        )


def _repeats(board: Board, found: Cell) -> None:
    views = [board.views[run] for run in found.runs if run in board.views]
    if any(is_live(view.run) for view in views):
        _live_repeats(board.app, found.runs)
    else:
        with st.container(gap=None):
            _spread(views)


@st.fragment(run_every=_REPEATS_S)
def _live_repeats(app: App, runs: Sequence[UUID]) -> None:
    """The others of several runs are not watched word by word."""
    views = app.runs.views(runs)
    if not any(is_live(view.run) for view in views):
        st.rerun()
    with st.container(gap=None):
        _spread(views)


def _spread(views: Sequence[RunView]) -> None:
    spread_table(spread([view.run for view in views], [said(view) for view in views if view.run.status == "done"]))


def _foot(board: Board, turn: int, standing: Standing, view: RunView, best: dict[str, str]) -> None:
    comparison, key = board.comparison, f"{turn}_{standing.column.id.hex}"
    if not comparison.is_blind:
        numbers_table(numbers_of(view), best)
        quiet(
            view.run.model if view.run.model == view.run.endpoint else f"{view.run.model} at {view.run.endpoint}",
            small=True,
        )
    mine = any(
        vote.turn == turn and vote.who == who() and vote.winner == standing.column.id for vote in comparison.votes
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"dense_foot_{key}"):
        st.button(
            "Best" if not mine else "Your pick",
            icon=":material/thumb_up:",
            type="primary" if mine else "secondary",
            key=f"best_{key}",
            on_click=vote,
            args=(board, turn, standing.column.id),
        )
        copy_button(said(view), "Copy the answer", f"compare_{key}")
        if turn == board.last:
            st.button(
                "Run again",
                icon=":material/refresh:",
                type="tertiary",
                help="Once more in this column. This answer stays.",
                key=f"icon_again_{key}",
                on_click=run_again,
                args=(board, turn, [standing.column.id]),
            )
        if not comparison.is_blind and st.button(
            "Open the run", icon=":material/receipt_long:", type="tertiary", help="Open the run", key=f"icon_run_{key}"
        ):
            st.switch_page("run.py", query_params={"run": str(view.run.id)})


def run_again(board: Board, turn: int, columns: Sequence[UUID], times: int = 1) -> None:
    value_or_say(board.app.comparison_runs.run_again(board.comparison.id, turn, who(), columns, times))


def vote(board: Board, turn: int, winner: UUID | None) -> None:
    value_or_say(board.app.comparisons.vote(board.comparison.id, turn, winner, who()))


def _show(board: Board, turn: int, standing: Standing, place: int) -> None:
    value_or_say(board.app.comparisons.show(board.comparison.id, turn, standing.column.id, place))


def _stop(board: Board, standing: Standing) -> None:
    value_or_say(board.app.comparison_runs.stop(board.comparison.id, who(), standing.column.id))
