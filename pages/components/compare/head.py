"""The head of a comparison: what tools do in it, whether it is blind, and its columns with their settings in words."""

from uuid import UUID

import streamlit as st
from msgspec.structs import replace

from core.bootstrap import App
from core.domain.comparison import FEWEST_COLUMNS, MOST_COLUMNS, Comparison
from core.domain.run import ToolMode
from core.domain.variant import Variant, settings_difference
from pages.components.compare.board import COLUMN, Board, Standing, called, open_settings
from pages.components.compare.winner import save_winner
from pages.components.frame import ask_once, page_header, quiet
from pages.components.session import say, value_or_say
from pages.components.text import plain

_MODES: dict[ToolMode, str] = {"live": "Live", "recorded": "Recorded", "dry_run": "Dry run"}
_MODE_HELP = {
    "live": "Tools are executed. Where two columns want the same change to the world, you are asked: once, or in each.",
    "recorded": "No tool is executed. The earlier result of the same call stands in; without one the model is told so.",
    "dry_run": "Tools that only look are executed. One that changes the world is not, in no column; the model is told so.",
}


def head(board: Board) -> None:
    comparison = board.comparison
    with page_header(comparison.title or "New comparison", *_facts(board)):
        _mode(board.app, comparison)
        _blind(board.app, comparison)
        if len(comparison.shown) < MOST_COLUMNS and not comparison.is_blind:
            st.button("Add column", icon=":material/add:", key="add_column", on_click=_add, args=(board,))
        _more(board)


def _facts(board: Board) -> list[str]:
    if board.comparison.is_blind:
        return ["Blind: names and numbers are out of sight until you reveal them."]
    specs = [one.resolved.spec for one in board.standing if one.resolved]
    return [settings_difference(specs).words]


def _mode(app: App, comparison: Comparison) -> None:
    key = f"mode_{comparison.id.hex}_{comparison.tool_mode}"
    st.segmented_control(
        "What tools do in every column",
        list(_MODES),
        default=comparison.tool_mode,
        required=True,
        format_func=_MODES.__getitem__,
        label_visibility="collapsed",
        help="  \n".join(f"**{_MODES[mode]}**: {text}" for mode, text in _MODE_HELP.items()),
        key=key,
        on_change=_set_mode,
        args=(app, comparison.id, key),
    )


def _set_mode(app: App, comparison_id: UUID, key: str) -> None:
    mode: ToolMode = st.session_state[key]
    value_or_say(app.comparisons.set_tool_mode(comparison_id, mode))


def mode_words(mode: ToolMode) -> str:
    """What the chosen mode means, in a sentence."""
    return _MODE_HELP[mode]


def _blind(app: App, comparison: Comparison) -> None:
    st.toggle(
        "Blind",
        comparison.is_blind,
        help="Hide the names and shuffle the columns, vote, then reveal.",
        key=f"blind_{comparison.id.hex}_{comparison.is_blind}",
        on_change=_turn_blind,
        args=(app, comparison),
    )


def _turn_blind(app: App, comparison: Comparison) -> None:
    if comparison.is_blind:
        value_or_say(app.comparisons.reveal(comparison.id))
    else:
        st.query_params.pop(COLUMN, None)
        value_or_say(app.comparisons.make_blind(comparison.id))


def _add(board: Board) -> None:
    """Like the last column, its settings open: one change away from a comparison."""
    like = board.standing[-1].column.variant
    made = value_or_say(board.app.comparisons.add_column(board.comparison.id, replace(like, name="")))
    if made:
        open_settings(made.columns[-1].id)


def _more(board: Board) -> None:
    comparison = board.comparison
    back = {f"Bring back {_name(board.app, one.variant)}": one.id for one in comparison.removed}
    choices = [
        "New comparison",
        "Evaluate on a dataset",
        "Rename",
        *back,
        "Bring back" if comparison.archived else "Archive",
    ]
    choice = st.menu_button("More", choices, icon=":material/more_horiz:", key="comparison_more")
    if choice is None:
        return
    if choice in back:
        value_or_say(board.app.comparisons.bring_back(comparison.id, back[choice]))
        st.rerun()
    match choice:
        case "New comparison":
            st.query_params.clear()
            st.rerun()
        case "Evaluate on a dataset":
            st.switch_page("evaluation_new.py", query_params={"comparison": str(comparison.id)})
        case "Rename":
            _rename(board.app, comparison)
        case "Bring back":
            value_or_say(board.app.comparisons.archive(comparison.id, archived=False))
            st.rerun()
        case _:
            ask_once(
                "Archive this comparison?",
                "It leaves the list. Its runs and their journals stay, and it can be brought back.",
                "Archive",
                lambda: _archive(board.app, comparison),
            )


def _name(app: App, variant: Variant) -> str:
    resolved = value_or_say(app.variants.resolve(variant))
    return called(variant, resolved) if resolved else "a column"


@st.dialog("Rename the comparison")
def _rename(app: App, comparison: Comparison) -> None:
    with st.form("rename", border=False):
        title = st.text_input("Title", comparison.title, max_chars=120)
        if st.form_submit_button("Rename", type="primary"):
            value_or_say(app.comparisons.rename(comparison.id, title or ""))
            st.rerun()


def _archive(app: App, comparison: Comparison) -> None:
    if value_or_say(app.comparisons.archive(comparison.id)):
        say("Archived.")
        st.query_params.clear()


def column_heads(board: Board) -> None:
    """Who stands in which column, and what each has otherwise."""
    with st.container(key="columns_heads"):
        for slot, standing in zip(st.columns(len(board.standing), gap="small"), board.standing, strict=True):
            with slot, st.container(gap="xxsmall", key=f"head_{standing.column.id.hex}"):
                _column_head(board, standing)


def _column_head(board: Board, standing: Standing) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        st.markdown(f":primary[**{standing.letter}**] **{plain(standing.title)}**", width="stretch")
        st.button(
            "Settings",
            icon=":material/tune:",
            type="tertiary",
            help="Prompt, model, parameters, tools of this column",
            key=f"icon_settings_{standing.column.id.hex}",
            on_click=open_settings,
            args=(standing.column.id,),
        )
        _column_menu(board, standing)
    quiet(*standing.facts, small=True)
    if standing.problem:
        st.caption(f":red[:material/error:] {plain(standing.problem)}")


def _column_menu(board: Board, standing: Standing) -> None:
    place, last = board.standing.index(standing), len(board.standing) - 1
    choices = [
        "Save as a revision" if standing.resolved and standing.resolved.agent else "Save as an agent",
        *(["Move left"] if place > 0 else []),
        *(["Move right"] if place < last else []),
        *(["Remove"] if len(board.standing) > FEWEST_COLUMNS else []),
    ]
    choice = st.menu_button(
        "More", choices, icon=":material/more_vert:", type="tertiary", key=f"icon_menu_{standing.column.id.hex}"
    )
    if choice is None:
        return
    if choice.startswith("Save"):
        save_winner(board, standing)
        return
    _change(board, standing, choice)
    st.rerun()


def _change(board: Board, standing: Standing, choice: str) -> None:
    comparisons, ids = board.app.comparisons, (board.comparison.id, standing.column.id)
    match choice:
        case "Move left":
            value_or_say(comparisons.move_column(*ids, -1))
        case "Move right":
            value_or_say(comparisons.move_column(*ids, 1))
        case _:
            st.query_params.pop(COLUMN, None)
            if value_or_say(comparisons.remove_column(*ids)):
                say(f"{standing.title} is out of sight. Bring it back under More.")
