"""What the parts of a comparison's screen share: the columns as they are called, and the runs that are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.comparison import Cell, Column, Comparison
from core.domain.diff import setting_rows
from core.domain.result import Err
from core.domain.variant import AdHocSpec, DraftSpec, SavedSpec, Variant
from core.services.runs import RunView
from core.services.variants import Resolved
from pages.components.text import short
from pages.components.turn import is_live

NO_AGENT = "Without an agent"
COLUMN = "column"
"""The parameter of the address that says whose settings are open."""
_SAID_CHANGES = 3
_VALUE_CHARS = 24


@dataclass(frozen=True, slots=True)
class Standing:
    """A column as it stands on the screen."""

    column: Column
    letter: str
    title: str
    facts: tuple[str, ...]
    resolved: Resolved | None
    problem: str = ""
    """Why it cannot be run; empty: it can."""


@dataclass(frozen=True, slots=True)
class Board:
    app: App
    comparison: Comparison
    standing: Sequence[Standing]
    first: int
    """Place of the first message that is drawn; earlier ones are drawn when they are asked for."""
    views: dict[UUID, RunView]
    """Every run of the messages that are drawn, by id."""

    def cell(self, turn: int, standing: Standing) -> Cell:
        return self.comparison.turns[turn].cell(standing.column.id)

    def view(self, turn: int, standing: Standing) -> RunView | None:
        """The run that is shown; None where the column was not asked."""
        run = self.cell(turn, standing).run
        return self.views.get(run) if run else None

    @property
    def last(self) -> int:
        """Place of the newest message; -1 before the first."""
        return len(self.comparison.turns) - 1

    def is_busy(self) -> bool:
        """Whether some column is still at the newest message."""
        if self.last < 0:
            return False
        runs = [run for standing in self.standing for run in self.cell(self.last, standing).runs]
        return any(run in self.views and is_live(self.views[run].run) for run in runs)


def board(app: App, comparison: Comparison, drawn: int) -> Board:
    """`drawn`: so many of the newest messages."""
    first = max(len(comparison.turns) - drawn, 0)
    columns = {column.id for column in comparison.shown}
    cells = (cell for turn in comparison.turns[first:] for cell in turn.cells if cell.column in columns)
    views = app.runs.views([run for cell in cells for run in cell.runs])
    return Board(app, comparison, standing(app, comparison), first, {view.run.id: view for view in views})


def standing(app: App, comparison: Comparison) -> list[Standing]:
    """The columns in sight. While they are blind nothing tells them apart but their place."""
    blind = comparison.is_blind
    return [_standing(app, column, place, blind=blind) for place, column in enumerate(comparison.shown)]


def _standing(app: App, column: Column, place: int, *, blind: bool) -> Standing:
    found = app.variants.resolve(column.variant)
    if isinstance(found, Err):
        return Standing(column, "ABCD"[place], column.variant.name or "Column", (), None, found.message)
    if blind:
        return Standing(column, "1234"[place], "", (), found.value)
    facts = (
        source_words(column.variant, found.value),
        model_words(app, found.value),
        *change_words(found.value, column.variant),
    )
    return Standing(column, "ABCD"[place], called(column.variant, found.value), facts, found.value)


def called(variant: Variant, resolved: Resolved) -> str:
    """What a person calls a column: its own name, or the agent's."""
    return variant.name or (resolved.agent.name if resolved.agent else NO_AGENT)


def source_words(variant: Variant, resolved: Resolved) -> str:
    """Where the column comes from, beside its name."""
    agent = f"{resolved.agent.name}, " if resolved.agent and variant.name else ""
    match variant.source:
        case AdHocSpec():
            return ""
        case DraftSpec():
            return f"{agent}draft"
        case SavedSpec(revision=revision):
            return f"{agent}revision {resolved.revision}" if revision else f"{agent}live revision {resolved.revision}"
        case _:
            assert_never(variant.source)


def model_words(app: App, resolved: Resolved) -> str:
    """The model that would answer now, and where."""
    endpoint = app.endpoints.choose(resolved.spec.endpoint).endpoint
    model = endpoint.model if endpoint.kind == "demo" else resolved.spec.model or endpoint.model
    return model if model == endpoint.name else f"{model or 'no model chosen'} at {endpoint.name}"


def change_words(resolved: Resolved, variant: Variant) -> tuple[str, ...]:
    """What the column has otherwise than its source, in a few words each."""
    if isinstance(variant.source, AdHocSpec):
        return ()
    rows = [row for row in setting_rows((resolved.source, resolved.spec)) if row.what not in {"Model", "Endpoint"}]
    said = [f"{row.what[0].lower()}{row.what[1:]} {short(row.values[1], _VALUE_CHARS)}" for row in rows]
    prompt = ["prompt changed"] if resolved.source.instructions != resolved.spec.instructions else []
    parts = [*prompt, *said]
    more = [f"{len(parts) - _SAID_CHANGES} more"] if len(parts) > _SAID_CHANGES else []
    return (*parts[:_SAID_CHANGES], *more)


def open_settings(column_id: UUID) -> None:
    st.query_params[COLUMN] = str(column_id)


def close_settings() -> None:
    st.query_params.pop(COLUMN, None)
