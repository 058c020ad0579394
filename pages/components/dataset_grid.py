"""The grid in which a dataset is edited. Every edit is kept at once; the grid itself is never drawn anew for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st

from core.bootstrap import App
from core.domain.dataset import GridChanges, Item, NumberedItem
from core.domain.result import Err
from pages.components.session import say, who

_OWN = ("input", "expected", "notes")
_ROW_PX, _MOST_PX = 36, 620
Row = Mapping[str, Any]


@dataclass
class Shown:
    """What a grid was drawn from, and how much of what a person did in it is kept already."""

    items: Sequence[NumberedItem]
    names: Sequence[str]
    edited: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    added: list[tuple[dict[str, Any], int | None]] = field(default_factory=list)
    """New rows as they were last seen, with the number they were given; None: not kept yet."""


def grid(app: App, dataset_id: UUID, items: Sequence[NumberedItem], names: Sequence[str], key: str) -> None:
    """Editable; `key` stays the same as long as the same rows are shown."""
    memory = f"{key}_shown"
    if key not in st.session_state or memory not in st.session_state:
        st.session_state[memory] = Shown(items, names)
    shown: Shown = st.session_state[memory]
    st.data_editor(
        frame(shown.items, shown.names),
        key=key,
        hide_index=True,
        num_rows="dynamic",
        row_height=_ROW_PX,
        height=min(_MOST_PX, _ROW_PX * (len(shown.items) + 3)),
        disabled=["number"],
        column_config=columns(shown.names),
        on_change=keep,
        args=(app, dataset_id, key),
        alt="The items of the dataset",
    )


def read_only(items: Sequence[NumberedItem], names: Sequence[str]) -> None:
    """An older version, or one that is looked at."""
    height = min(_MOST_PX, _ROW_PX * (len(items) + 2))
    st.dataframe(frame(items, names), hide_index=True, row_height=_ROW_PX, height=height, column_config=columns(names))


def frame(items: Sequence[NumberedItem], names: Sequence[str]) -> pd.DataFrame:
    rows = [
        {"number": one.number, "input": one.item.input}
        | {f"var:{name}": one.item.variables.get(name, "") for name in names}
        | {"expected": one.item.expected, "notes": one.item.notes}
        for one in items
    ]
    order = ["number", "input", *(f"var:{name}" for name in names), "expected", "notes"]
    return pd.DataFrame(rows, columns=order).astype(dict.fromkeys(order[1:], "string") | {"number": "Int64"})


def columns(names: Sequence[str]) -> dict[str, Any]:
    config = st.column_config
    return {
        "number": config.NumberColumn("#", width=56, format="%d", pinned=True),
        "input": config.TextColumn("Input", width="large", required=True),
        **{f"var:{name}": config.TextColumn(f"{{{{{name}}}}}", width="small") for name in names},
        "expected": config.TextColumn(
            "Expected", width="medium", help="Text, a number, or JSON, as evaluators read it"
        ),
        "notes": config.TextColumn("Notes", width="medium"),
    }


def keep(app: App, dataset_id: UUID, key: str) -> None:
    """Store what changed since the last time."""
    shown: Shown = st.session_state[f"{key}_shown"]
    state = st.session_state[key]
    changes, fresh = changes_since(shown, state)
    result = app.datasets.edit_grid(dataset_id, changes, who())
    if isinstance(result, Err):
        say(result.message, failed=True)
        return
    remember(shown, state, dict(zip(fresh, result.value.added, strict=True)))


def changes_since(shown: Shown, state: Mapping[str, Any]) -> tuple[GridChanges, list[int]]:
    """What is not kept yet, and the places of the new rows in it. A new row without an input waits for one."""
    changed = {
        shown.items[place].number: merged(shown.items[place].item, row)
        for place, row in state["edited_rows"].items()
        if row != shown.edited.get(place) and place not in state["deleted_rows"]
    }
    align(shown, state["added_rows"])
    gone = [shown.items[place].number for place in state["deleted_rows"] if place not in shown.deleted]
    gone += [number for row, number in shown.added if row == {"gone": True} and number is not None]
    fresh: list[int] = []
    for place, row in enumerate(state["added_rows"]):
        known, number = shown.added[place] if place < len(shown.added) else ({}, None)
        if number is None and text(row, "input"):
            fresh.append(place)
        elif number is not None and row != known:
            changed[number] = merged(Item(input=""), row)
    changed = {number: item for number, item in changed.items() if item.input.strip()}
    added = tuple(merged(Item(input=""), state["added_rows"][place]) for place in fresh)
    return GridChanges(changed=changed, added=added, deleted=tuple(gone)), fresh


def align(shown: Shown, rows: Sequence[Row]) -> None:
    """New rows that were deleted again are moved behind the others, marked as gone."""
    if len(rows) >= len(shown.added):
        return
    left, gone, waiting = (
        list[tuple[dict[str, Any], int | None]](),
        list[tuple[dict[str, Any], int | None]](),
        list(rows),
    )
    for row, number in shown.added:
        if waiting and waiting[0] == row:
            left.append((row, number))
            waiting.pop(0)
        else:
            gone.append(({"gone": True}, number))
    shown.added = [*left, *gone]


def remember(shown: Shown, state: Mapping[str, Any], numbers: Mapping[int, int]) -> None:
    shown.edited = {place: dict(row) for place, row in state["edited_rows"].items()}
    shown.deleted = set(state["deleted_rows"])
    shown.added = [
        (dict(row), numbers.get(place, shown.added[place][1] if place < len(shown.added) else None))
        for place, row in enumerate(state["added_rows"])
    ]


def merged(item: Item, row: Row) -> Item:
    """The item with the cells of a row written over it."""
    variables = dict(item.variables)
    for name in row:
        if name.startswith("var:"):
            variables[name.removeprefix("var:")] = text(row, name)
    own = {name: text(row, name) if name in row else getattr(item, name) for name in _OWN}
    return Item(variables={name: value for name, value in variables.items() if value}, **own)


def text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)
