"""Two answers side by side in words: what they say, where their runs go apart, which settings differ."""

from collections.abc import Sequence

import streamlit as st

from core.domain.diff import Setting, text_diff
from core.domain.result import Err
from core.domain.variant import settings_difference
from core.services.comparison_origin import spec_of
from core.services.runs import RunView
from pages.components.compare.board import Board, Standing
from pages.components.diff import word_diff
from pages.components.text import counted, plain, short
from pages.components.turn import said

_PARTS = ("Answers", "Runs", "Settings")
_VALUE_CHARS = 400
_ROWS = 12


@st.dialog("Differences", width="large")
def differences(board: Board, turn: int) -> None:
    there = [one for one in board.standing if board.view(turn, one)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        part = st.segmented_control(
            "What", _PARTS, default=_PARTS[0], required=True, label_visibility="collapsed", key="differences_part"
        )
        left, right = _pair(there) if len(there) > 2 and part != "Settings" else (there[0], there[1])
    views = [view for one in there if (view := board.view(turn, one))]
    match part:
        case "Runs":
            _runs(board, board.view(turn, left), board.view(turn, right), left, right)
        case "Settings":
            _settings(there, views)
        case _:
            _answers(board.view(turn, left), board.view(turn, right), left, right)


def _pair(there: Sequence[Standing]) -> tuple[Standing, Standing]:
    letters = [one.letter for one in there]
    one = st.selectbox("From", letters, 0, label_visibility="collapsed", width=80, key="differences_from")
    other = st.selectbox("To", letters, 1, label_visibility="collapsed", width=80, key="differences_to")
    by_letter = {standing.letter: standing for standing in there}
    return by_letter[one], by_letter[other]


def _answers(a: RunView | None, b: RunView | None, left: Standing, right: Standing) -> None:
    if a is None or b is None:
        return
    words = text_diff(said(a), said(b))
    if all(word.op == "equal" for word in words):
        st.markdown(f"**{left.letter}** and **{right.letter}** say the same, word for word.")
    else:
        st.caption(
            f"Only in {left.letter}: :red-background[struck]. Only in {right.letter}: :green-background[marked]."
        )
    with st.container(border=True, height=380 if len(words) > 40 else "content"):
        word_diff(words)


def _runs(board: Board, a: RunView | None, b: RunView | None, left: Standing, right: Standing) -> None:
    """What happened, aligned by step."""
    if a is None or b is None:
        return
    found = board.app.proofs.diff(a.run.id, b.run.id)
    if isinstance(found, Err):
        st.error(plain(found.message), icon=":material/error:")
        return
    first = found.value.first
    if first is None:
        st.markdown("Both did the same, step by step.")
        return
    st.markdown(f"They go apart at **{plain(first.where)}**.")
    rows = [Setting(one.where, (short(one.a, _VALUE_CHARS), short(one.b, _VALUE_CHARS))) for one in found.value.steps]
    _table(rows[:_ROWS], [left.letter, right.letter])
    if len(rows) > _ROWS:
        st.caption(f"And {counted(len(rows) - _ROWS, 'more place')}.")


def _settings(there: Sequence[Standing], views: Sequence[RunView]) -> None:
    """What these very runs were made with, whatever the columns are set to now."""
    specs = [spec_of(view.state.spec) for view in views]
    found = settings_difference(specs)
    st.markdown(plain(found.words))
    if found.rows:
        _table(found.rows, [one.letter for one in there])
    for one, spec in list(zip(there, specs, strict=True))[1:]:
        if spec.instructions != specs[0].instructions:
            st.markdown(f"**Prompt: {there[0].letter} → {one.letter}**")
            with st.container(border=True, height=240 if len(spec.instructions) > 1_000 else "content"):
                word_diff(text_diff(specs[0].instructions, spec.instructions))


def _table(rows: Sequence[Setting], heads: Sequence[str]) -> None:
    widths = [3, *(4 for _ in heads)]
    for slot, label in zip(st.columns(widths, gap="small"), ["", *heads], strict=True):
        slot.caption(label)
    for row in rows:
        what, *values = st.columns(widths, gap="small")
        what.markdown(plain(row.what))
        for slot, value in zip(values, row.values, strict=True):
            slot.text(value)
