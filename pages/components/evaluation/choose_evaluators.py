"""What answers are judged by: no code, a card an evaluator, as many of one kind as wanted."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.evaluator import Contains, Evaluator
from core.domain.evaluator_check import evaluator_fault
from pages.components.evaluation.evaluator_fields import FIELDS
from pages.components.evaluation.words import KINDS, tag_of
from pages.components.text import plain

DEFAULT: tuple[Evaluator, ...] = (Contains(),)


class _Card(NamedTuple):
    number: int
    """Names its widgets, so that none takes over what was typed into a card that is gone."""
    given: Evaluator


def evaluators_form(app: App, key: str, given: Sequence[Evaluator] = DEFAULT) -> tuple[Evaluator, ...]:
    """The evaluators as they are filled in; one that lacks something is left out and says what."""
    if _cards_key(key) not in st.session_state:
        st.session_state[_cards_key(key)] = [_Card(_next_number(key), evaluator) for evaluator in given]
    cards: list[_Card] = st.session_state[_cards_key(key)]
    kinds = Counter(tag_of(card.given) for card in cards)
    found: dict[str, Evaluator] = {}
    with st.grid("auto", min_column_width=320, gap="small"):
        for card in cards:
            with st.container(border=True, gap="small", height="stretch"):
                made = _card(app, key, card, is_one_of_many=kinds[tag_of(card.given)] > 1)
                if made is not None and made.hash() in found:
                    st.caption(":red[:material/error: Another one asks exactly this.]")
                elif made is not None:
                    found[made.hash()] = made
    st.menu_button(
        "Add an evaluator",
        list(KINDS),
        format_func=lambda kind: KINDS[kind].title,
        icon=":material/add:",
        key=f"{key}_add",
        on_click=_add,
        args=(key,),
    )
    return tuple(found.values())


def forget(key: str) -> None:
    """Let the form begin with what it is given, when it is opened the next time."""
    st.session_state.pop(_cards_key(key), None)


def _card(app: App, key: str, card: _Card, *, is_one_of_many: bool) -> Evaluator | None:
    """What is filled in; None after saying what is lacking."""
    kind, own = KINDS[tag_of(card.given)], f"{key}_{card.number}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(f":primary[{kind.icon}] **{kind.title}**", width="stretch")
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            help=f"Leave out {kind.title}",
            key=f"{own}_out",
            on_click=_remove,
            args=(key, card.number),
        )
    st.caption(kind.hint)
    made = FIELDS[tag_of(card.given)].draw(app, own, card.given)
    if is_one_of_many or card.given.name:
        hint = "As the results call it"
        name = st.text_input("Name", card.given.name, max_chars=60, placeholder=hint, key=f"{own}_name")
        made = made and msgspec.structs.replace(made, name=(name or "").strip())
    if made is not None and (fault := evaluator_fault(made)):
        st.caption(f":red[:material/error: {plain(fault)}]")
        return None
    return made


def _add(key: str) -> None:
    kind, cards = st.session_state.get(f"{key}_add"), st.session_state[_cards_key(key)]
    if kind in FIELDS:
        cards.append(_Card(_next_number(key), FIELDS[kind].blank))


def _remove(key: str, number: int) -> None:
    st.session_state[_cards_key(key)] = [card for card in st.session_state[_cards_key(key)] if card.number != number]


def _next_number(key: str) -> int:
    """One that no card of this form had before."""
    number = int(st.session_state.get(f"{key}_last", 0)) + 1
    st.session_state[f"{key}_last"] = number
    return number


def _cards_key(key: str) -> str:
    return f"{key}_cards"
