"""Compare: one message to two, three or four variants at once, side by side."""

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Variable
from core.domain.comparison import Comparison
from core.domain.result import Err
from core.domain.template import render
from pages.components.compare.begin import PARAM, begin
from pages.components.compare.board import COLUMN, Board, board
from pages.components.compare.head import column_heads, head, mode_words
from pages.components.compare.look import compare_css
from pages.components.compare.message_row import message_row
from pages.components.compare.settings import column_settings
from pages.components.files import Typed, accepting, give_back, is_blind, kept, limits_hint, typed
from pages.components.frame import empty_state
from pages.components.model_badge import model_badge
from pages.components.session import get_app, say, show_said, uuid_param, value_or_say, who
from pages.components.text import counted, plain
from pages.components.variables import variable_inputs

Values = dict[str, str]
DRAWN = 5
"""So many of the newest messages are drawn at first."""


def send_typed(board: Board, values: Values) -> None:
    send(board, values, typed("composer"))


def send(board: Board, values: Values, what: Typed) -> None:
    result = board.app.comparison_runs.send(board.comparison.id, what.text, who(), values, what.files)
    if isinstance(result, Err):
        give_back("composer", what)
        say(result.message, failed=True)


def stop_all(board: Board) -> None:
    value_or_say(board.app.comparison_runs.stop(board.comparison.id, who()))


def variables(board: Board) -> tuple[Variable, ...]:
    """Those of all columns' prompts, each once."""
    found = (variable for one in board.standing if one.resolved for variable in one.resolved.spec.variables)
    return tuple({variable.name: variable for variable in found}.values())


def missing(board: Board, values: Values) -> list[str]:
    specs = [one.resolved.spec for one in board.standing if one.resolved]
    return sorted({name for spec in specs for name in render(spec.instructions, spec.variables, values).missing})


def asked_values(board: Board) -> tuple[Values, list[str]]:
    """What the columns' prompts need to know, and what of it is not given yet."""
    wanted = variables(board)
    if not wanted:
        return {}, []
    is_open = bool(missing(board, {}))
    with st.expander("Variables", is_open, icon=":material/data_array:", type="compact", key="compare_variables"):
        values = variable_inputs(wanted, board.comparison.id.hex)
    lacking = missing(board, values)
    if lacking:
        st.caption(f":red[:material/error: Give a value first: {plain(', '.join(lacking))}]")
    return values, lacking


def composer(board: Board) -> Values:
    busy = board.is_busy()
    with st.bottom, st.container(gap="xxsmall"):
        values, lacking = asked_values(board)
        kept("composer")
        st.chat_input(
            "Message all columns",
            key="composer",
            disabled=busy or bool(lacking),
            on_submit=send_typed,
            args=(board, values),
            **accepting(),
        )
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            badges(board)
            files_hint(board)
            if busy:
                st.button(
                    "Stop all",
                    icon=":material/stop_circle:",
                    key="stop_all",
                    on_click=stop_all,
                    args=(board,),
                    shortcut="Escape",
                )
    return values


def files_hint(board: Board) -> None:
    """What may be attached; where a column's model does not see images, that is said."""
    specs = [one.resolved.spec for one in board.standing if one.resolved]
    choices = [(board.app.endpoints.choose(spec.endpoint), spec) for spec in specs]
    if choices:
        limits_hint(is_blind=any(is_blind(board.app, *one) for one in choices))


def badges(board: Board) -> None:
    """The scripted model is named wherever it answers; and what the chosen mode of the tools means."""
    choices = [board.app.endpoints.choose(one.resolved.spec.endpoint) for one in board.standing if one.resolved]
    scripted = next((choice for choice in choices if choice.endpoint.kind == "demo"), None)
    with st.container(gap="xxsmall", width="stretch"):
        if scripted is not None:
            model_badge(scripted)
        if board.comparison.turns:  # before the first message it stands in the page
            st.caption(mode_words(board.comparison.tool_mode))


def begin_with(board: Board, values: Values) -> None:
    """An empty comparison teaches: what happens next, and a message to begin with."""
    st.space("small")
    st.caption(mode_words(board.comparison.tool_mode))
    starters = next(
        (one.resolved.spec.starters for one in board.standing if one.resolved and one.resolved.spec.starters), ()
    )
    st.markdown("Write a message: every column answers it at the same time." + (" Or begin with:" if starters else ""))
    with st.container(gap="xsmall"):
        for index, text in enumerate(starters):
            st.button(
                plain(text),
                icon=":material/arrow_outward:",
                key=f"starter_{index}",
                on_click=send,
                args=(board, values, Typed(text)),
            )


def drawn_key(comparison: Comparison) -> str:
    return f"drawn_{comparison.id.hex}"


def draw_more(comparison: Comparison, drawn: int) -> None:
    st.session_state[drawn_key(comparison)] = drawn + DRAWN


def opened(app: App, comparison: Comparison) -> None:
    compare_css()
    drawn = int(st.session_state.get(drawn_key(comparison), DRAWN))
    shown = board(app, comparison, drawn)
    head(shown)
    show_said()
    if not comparison.is_blind:
        column_heads(shown)
    edited = uuid_param(COLUMN)
    if found := next((one for one in shown.standing if one.column.id == edited and not comparison.is_blind), None):
        column_settings(shown, found)
    values = composer(shown)
    if shown.first:
        st.button(
            f"Show {counted(min(shown.first, DRAWN), 'earlier message')}",
            icon=":material/expand_less:",
            type="tertiary",
            on_click=draw_more,
            args=(comparison, drawn),
        )
    for turn in range(shown.first, len(comparison.turns)):
        message_row(shown, turn)
    if not comparison.turns:
        begin_with(shown, values)


def main() -> None:
    app = get_app()
    comparison_id = uuid_param(PARAM)
    comparison = app.comparisons.get(comparison_id) if comparison_id else None
    if comparison is not None:
        opened(app, comparison)
        return
    if comparison_id is not None and empty_state(
        ":material/search_off:", "There is no such comparison here.", "See all comparisons"
    ):
        st.query_params.clear()
        st.rerun()
    if comparison_id is None:
        begin(app)


main()
