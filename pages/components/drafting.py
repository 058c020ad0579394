"""A tool under edit: each widget changes one thing in the draft and saves it at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.result import Result
from pages.components.session import value_or_say, who

D = TypeVar("D", bound=msgspec.Struct)
Change = Callable[[D, Any], D]
"""Puts a widget's value into a draft."""


class Store(Protocol[D]):
    """Where drafts are kept: one for each person and tool."""

    def get(self, name: str, who: str, /) -> D: ...

    def put(self, name: str, draft: D, who: str, /) -> Result[str]: ...


@dataclass(frozen=True)  # a generic class with slots cannot be made through its alias
class Form(Generic[D]):
    """What the parts of a form share. `name` is empty for a tool that does not exist yet; `kind` keeps keys apart."""

    app: App
    name: str
    draft: D
    store: Store[D]
    kind: str

    def key(self, field: str) -> str:
        """A widget's key. It changes when the draft is changed by a button, so that no widget shows what was."""
        return f"{field}-{self.kind}-{self.name}-{st.session_state.get(_round_key(self.kind, self.name), 0)}"

    def on_change(self, field: str, change: Change[D]) -> dict[str, Any]:
        """The keyword arguments that make a widget save what it holds."""
        key = self.key(field)
        return {"key": key, "on_change": self._save_widget, "args": (key, change)}

    def edit(self, change: Callable[[D], D]) -> None:
        """Change the draft from a button; the widgets start anew from it."""
        self._apply(change)
        fresh(self.kind, self.name)

    def _save_widget(self, key: str, change: Change[D]) -> None:
        value = st.session_state[key]
        self._apply(lambda draft: change(draft, value))

    def _apply(self, change: Callable[[D], D]) -> None:
        """Change the draft as it is in the database now, not as this page last saw it."""
        value_or_say(self.store.put(self.name, change(self.store.get(self.name, who())), who()))


def fresh(kind: str, name: str) -> None:
    """Let the widgets start anew."""
    key = _round_key(kind, name)
    st.session_state[key] = st.session_state.get(key, 0) + 1


def put(field: str) -> Change[D]:
    """The change that sets one field to the widget's value; an emptied text is the empty text."""
    return lambda draft, value: msgspec.structs.replace(draft, **{field: "" if value is None else value})


def put_choice(field: str) -> Change[D]:
    """The same for a choice, where nothing is None."""
    return lambda draft, value: msgspec.structs.replace(draft, **{field: value})


def listed(text: str | None) -> tuple[str, ...]:
    """The parts of a text between commas."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _round_key(kind: str, name: str) -> str:
    return f"{kind}_form_round_{name}"
