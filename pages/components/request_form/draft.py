"""The HTTP tool under edit: each widget changes one thing in the draft and saves it at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import streamlit as st

from core.bootstrap import App
from core.services.http_drafts import HttpDraft, Pairs
from pages.components.session import value_or_say, who

Change = Callable[[HttpDraft, Any], HttpDraft]
"""Puts a widget's value into a draft."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the parts of the form share. `name` is empty for a tool that does not exist yet."""

    app: App
    name: str
    draft: HttpDraft

    def key(self, field: str) -> str:
        """A widget's key. It changes when the draft is changed by a button, so that no widget shows what was."""
        return f"{field}-http-{self.name}-{st.session_state.get(_round_key(self.name), 0)}"

    def on_change(self, field: str, change: Change) -> dict[str, Any]:
        """The keyword arguments that make a widget save what it holds."""
        key = self.key(field)
        return {"key": key, "on_change": _save_widget, "args": (self.app, self.name, key, change)}

    def edit(self, change: Callable[[HttpDraft], HttpDraft]) -> None:
        """Change the draft from a button; the widgets start anew from it."""
        _apply(self.app, self.name, change)
        fresh(self.name)


def fresh(name: str) -> None:
    """Let the widgets start anew."""
    st.session_state[_round_key(name)] = st.session_state.get(_round_key(name), 0) + 1


def put(field: str) -> Change:
    """The change that sets one field to the widget's value; an emptied text is the empty text."""
    return lambda draft, value: msgspec.structs.replace(draft, **{field: "" if value is None else value})


def put_choice(field: str) -> Change:
    """The same for a choice, where nothing is None."""
    return lambda draft, value: msgspec.structs.replace(draft, **{field: value})


def put_pair(field: str, place: int, part: int) -> Change:
    """The change that sets the name (0) or the value (1) of one row; a row beyond the last is added."""

    def change(draft: HttpDraft, value: str | None) -> HttpDraft:
        rows = [list(pair) for pair in getattr(draft, field)]
        if place == len(rows):
            rows.append(["", ""])
        rows[place][part] = value or ""
        return msgspec.structs.replace(draft, **{field: tuple((name, text) for name, text in rows)})

    return change


def without_pair(draft: HttpDraft, field: str, place: int) -> HttpDraft:
    rows: Pairs = getattr(draft, field)
    return msgspec.structs.replace(draft, **{field: rows[:place] + rows[place + 1 :]})


def _save_widget(app: App, name: str, key: str, change: Change) -> None:
    value = st.session_state[key]
    _apply(app, name, lambda draft: change(draft, value))


def _apply(app: App, name: str, change: Callable[[HttpDraft], HttpDraft]) -> None:
    """Change the draft as it is in the database now, not as this page last saw it."""
    value_or_say(app.http_drafts.put(name, change(app.http_drafts.get(name, who())), who()))


def _round_key(name: str) -> str:
    return f"http_form_round_{name}"
