"""One message to all columns, the columns' answers side by side, and what was thought of them."""

from uuid import UUID

import streamlit as st

from core.domain.comparison import MOST_RUNS, tally
from core.domain.same_writes import SameWrite, same_writes
from core.services.runs import RunView
from pages.components.add_to_dataset import add_to_dataset
from pages.components.compare.board import Board
from pages.components.compare.cell import cell, run_again, vote
from pages.components.compare.differences import differences
from pages.components.compare.numbers import best_of
from pages.components.session import value_or_say, who
from pages.components.text import counted, plain
from pages.components.tool import arguments
from pages.components.turn import you

_MADE_ELSEWHERE = "The same call was made once already, in another column of this comparison. It was not made again."


def message_row(board: Board, turn: int) -> None:
    _message(board, turn)
    for one in same_writes([view.state for view in _views(board, turn)]):
        _same_write(board, turn, one)
    best = best_of(_views(board, turn))
    with st.container(key=f"columns_{turn}"):
        for slot, standing in zip(st.columns(len(board.standing), gap="small"), board.standing, strict=True):
            with slot:
                cell(board, turn, standing, best)
    _judgement(board, turn)


def _views(board: Board, turn: int) -> list[RunView]:
    views = (board.view(turn, standing) for standing in board.standing)
    return [view for view in views if view is not None]


def _message(board: Board, turn: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"message_{turn}"):
        with st.container(width="stretch", key=f"you_compare_{turn}"):
            asked = board.comparison.turns[turn]
            you(asked.input, asked.attachments)
        _acts(board, turn)


def _acts(board: Board, turn: int) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", width="content", key=f"dense_acts_{turn}"
    ):
        if (
            len(_views(board, turn)) > 1
            and not board.comparison.is_blind
            and st.button("Differences", icon=":material/difference:", type="tertiary", key=f"differences_{turn}")
        ):
            differences(board, turn)
        if done := _done(board, turn):
            add_to_dataset(board.app, done, f"_{turn}", rank="tertiary")
        if turn == board.last:
            _again(board, turn)


def _done(board: Board, turn: int) -> dict[str, UUID]:
    """The answers that are complete, by the letter of their column."""
    views = [(one.letter, board.view(turn, one)) for one in board.standing]
    return {letter: view.run.id for letter, view in views if view and view.run.status == "done"}


def _again(board: Board, turn: int) -> None:
    columns = [standing.column.id for standing in board.standing]
    st.button(
        "Run all again",
        icon=":material/refresh:",
        type="tertiary",
        disabled=board.is_busy(),
        key=f"again_{turn}",
        on_click=run_again,
        args=(board, turn, columns),
    )
    with st.popover("Run several times", icon=":material/repeat:", type="tertiary", key=f"several_{turn}"):
        times = st.number_input("Times, in every column", 2, MOST_RUNS, 5, 1, key=f"times_{turn}")
        st.caption(f"{counted(int(times) * len(columns), 'run')} side by side; then how far they lie apart.")
        st.button(
            "Run",
            icon=":material/play_arrow:",
            type="primary",
            disabled=board.is_busy(),
            key=f"run_several_{turn}",
            on_click=run_again,
            args=(board, turn, columns, int(times)),
        )


def _judgement(board: Board, turn: int) -> None:
    """The votes of this message and of all of them."""
    comparison = board.comparison
    if len(_views(board, turn)) < 2 or (turn == board.last and board.is_busy()):
        return
    is_tie = any(one.turn == turn and one.who == who() and one.winner is None for one in comparison.votes)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"dense_votes_{turn}"):
        st.button(
            "Your vote: a tie" if is_tie else "It is a tie",
            icon=":material/balance:",
            type="primary" if is_tie else "tertiary",
            key=f"tie_{turn}",
            on_click=vote,
            args=(board, turn, None),
        )
        if turn == board.last:
            _tally(board)


def _tally(board: Board) -> None:
    counted_votes = tally(board.comparison)
    if not counted_votes.votes:
        return
    if board.comparison.is_blind:
        st.caption(f"{counted(counted_votes.votes, 'vote')} so far. Reveal to see for whom.", width="content")
        return
    wins = [f"**{one.letter}** {counted_votes.wins[one.column.id]}" for one in board.standing]
    ties = [counted(counted_votes.ties, "tie")] if counted_votes.ties else []
    st.caption(f"Votes: {' · '.join([*wins, *ties])}", width="content")


def _same_write(board: Board, turn: int, same: SameWrite) -> None:
    """Two columns would change the world in the same way: a person says whether once or twice."""
    letters = {view.run.id: one.letter for one in board.standing if (view := board.view(turn, one))}
    waiting = [call for call in same.waiting if call.run_id in letters]
    names = " and ".join(f"**{letters[call.run_id]}**" for call in waiting)
    made = [letters[run] for run in same.made_by if run in letters]
    with st.container(
        border=True, gap="small", key=f"tool_waiting_same_{turn}_{waiting[0].run_id.hex}_{waiting[0].effect}"
    ):
        already = f" **{made[0]}** has made it already." if made else ""
        asks = "asks" if len(waiting) == 1 else "ask"
        st.markdown(
            f":violet[:material/front_hand:] {names} {asks} for the same call of **{plain(same.tool)}**.{already}"
        )
        arguments(same.arguments)
        with st.container(horizontal=True, gap="small"):
            _same_buttons(board, same, first=letters[waiting[0].run_id], made=bool(made))


def _same_buttons(board: Board, same: SameWrite, *, first: str, made: bool) -> None:
    key = f"{same.waiting[0].run_id.hex}_{same.waiting[0].effect}"
    if not made:
        st.button(
            f"Run it once, in {first}",
            icon=":material/check:",
            type="primary",
            key=f"once_{key}",
            help="The other columns are told that it was made already.",
            on_click=_decide,
            args=(board, same, 1),
        )
    each = f"Run it again, in {first}" if made and len(same.waiting) == 1 else "Run it in each"
    st.button(each, key=f"each_{key}", on_click=_decide, args=(board, same, len(same.waiting)))
    st.button("Run it in none" if not made else "Not again", key=f"none_{key}", on_click=_decide, args=(board, same, 0))


def _decide(board: Board, same: SameWrite, approved: int) -> None:
    """Approve the first so many of the waiting calls; the others are told why not."""
    for place, call in enumerate(same.waiting):
        if place < approved:
            value_or_say(board.app.decisions.approve(call.run_id, call.effect, who(), shown=call.shown))
        else:
            reason = _MADE_ELSEWHERE if approved or same.made_by else ""
            value_or_say(board.app.decisions.deny(call.run_id, call.effect, who(), reason=reason))
