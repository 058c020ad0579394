"""What a column runs: where it comes from, and what it has otherwise. Each change is saved at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from core.domain.comparison import Column, Comparison
from core.domain.result import Err
from core.domain.variant import AdHocSpec, DraftSpec, Overrides, SavedSpec, Source, Variant, changes_between
from pages.components.compare.board import NO_AGENT, Board, Standing, called, close_settings
from pages.components.editor.draft import Change, Draft
from pages.components.editor.instructions import instructions
from pages.components.editor.limits import limits
from pages.components.editor.model import model
from pages.components.editor.tools import tools
from pages.components.session import value_or_say
from pages.components.text import plain

_PARTS: dict[str, Callable[[Draft], None]] = {
    "Prompt": instructions,
    "Model": model,
    "Tools": tools,
    "Limits": limits,
}
_LIVE, _DRAFT = "Live revision", "Draft"


@dataclass(frozen=True, slots=True)
class ColumnDraft(Draft):
    """The editor's parts on a column: what they change becomes the column's own."""

    comparison_id: UUID
    column_id: UUID

    def key(self, field: str) -> str:
        return f"{field}-{self.column_id.hex}-{_round(self.column_id)}"

    def on_change(self, field: str, change: Change) -> dict[str, Any]:
        key = self.key(field)
        return {
            "key": key,
            "on_change": _save_widget,
            "args": (self.app, self.comparison_id, self.column_id, key, change),
        }

    def edit(self, change: Callable[[AgentSpec], AgentSpec]) -> None:
        _apply(self.app, self.comparison_id, self.column_id, change)
        _fresh(self.column_id)


def column_settings(board: Board, standing: Standing) -> None:
    column = standing.column
    with st.container(border=True, gap="small", key="column_settings"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(f"Settings of {standing.letter}", anchor=False, width="stretch")
            if column.variant.changes != Overrides():
                st.button(
                    "As in the agent",
                    icon=":material/undo:",
                    type="tertiary",
                    help="Undo everything that this column has otherwise",
                    on_click=_put,
                    args=(board.app, board.comparison.id, column, Variant(source=column.variant.source)),
                )
            st.button("Close", icon=":material/close:", type="tertiary", key="close_settings", on_click=close_settings)
        _source(board.app, board.comparison, column)
        if standing.resolved is None:
            st.error(plain(standing.problem), icon=":material/error:")
            return
        part = st.segmented_control(
            "Part", list(_PARTS), default="Prompt", required=True, label_visibility="collapsed", key="settings_part"
        )
        st.caption("Only this column changes, from its next message on. The agent stays as it is.")
        _PARTS[part or "Prompt"](_draft(board, standing))


def _draft(board: Board, standing: Standing) -> ColumnDraft:
    assert standing.resolved is not None
    column, resolved = standing.column, standing.resolved
    agent = resolved.agent or _stand_in(column, called(column.variant, resolved), board.comparison)
    return ColumnDraft(board.app, agent, resolved.spec, board.comparison.id, column.id)


def _stand_in(column: Column, name: str, comparison: Comparison) -> Agent:
    """What the editor's parts call a column that is no agent."""
    return Agent(id=column.id, name=name, created_at=comparison.created_at, updated_at=comparison.updated_at)


def _source(app: App, comparison: Comparison, column: Column) -> None:
    agents = {row.agent.id: row.agent for row in app.agents.list()}
    source = column.variant.source
    chosen = NO_AGENT if isinstance(source, AdHocSpec) else source.agent_id
    options = [*agents, NO_AGENT] if chosen in {NO_AGENT, *agents} else [chosen, *agents, NO_AGENT]
    left, middle, right = st.columns(3, gap="small")
    key = f"source-{column.id.hex}-{_round(column.id)}"
    left.selectbox(
        "Agent",
        options,
        options.index(chosen),
        format_func=lambda one: agents[one].name if one in agents else one if one == NO_AGENT else "Archived agent",
        key=key,
        on_change=_choose_agent,
        args=(app, comparison, column, key),
    )
    if not isinstance(source, AdHocSpec):
        with middle:
            _which(app, comparison, column, source)
    name_key = f"name-{column.id.hex}-{_round(column.id)}"
    right.text_input(
        "Name of the column",
        column.variant.name,
        max_chars=60,
        placeholder="called by what it is",
        key=name_key,
        on_change=_rename,
        args=(app, comparison.id, column, name_key),
    )


def _which(app: App, comparison: Comparison, column: Column, source: SavedSpec | DraftSpec) -> None:
    """The live revision, the draft, or one of the older revisions."""
    numbers = [revision.number for revision in app.agents.revisions(source.agent_id)]
    sources: dict[str, Source] = {
        _LIVE: SavedSpec(agent_id=source.agent_id),
        _DRAFT: DraftSpec(agent_id=source.agent_id),
    }
    sources |= {f"Revision {number}": SavedSpec(agent_id=source.agent_id, revision=number) for number in numbers}
    labels = list(sources)
    now = next((label for label, one in sources.items() if one == source), _LIVE)
    key = f"which-{column.id.hex}-{_round(column.id)}"
    st.selectbox(
        "Which",
        labels,
        labels.index(now),
        key=key,
        on_change=_choose_source,
        args=(app, comparison, column, key, sources),
    )


def _choose_agent(app: App, comparison: Comparison, column: Column, key: str) -> None:
    """Another agent begins without changes; leaving agents behind keeps what the column runs now."""
    chosen: UUID | str = st.session_state[key]
    if isinstance(chosen, UUID):
        source: Source = SavedSpec(agent_id=chosen)
    else:
        resolved = app.variants.resolve(column.variant)
        source = AdHocSpec(spec=AgentSpec() if isinstance(resolved, Err) else resolved.value.spec)
    _put(app, comparison.id, column, Variant(source=source, name=column.variant.name))


def _choose_source(app: App, comparison: Comparison, column: Column, key: str, sources: dict[str, Source]) -> None:
    variant = column.variant
    source = sources[str(st.session_state[key])]
    _put(app, comparison.id, column, Variant(source=source, changes=variant.changes, name=variant.name))


def _rename(app: App, comparison_id: UUID, column: Column, key: str) -> None:
    name = str(st.session_state[key] or "").strip()
    variant = Variant(source=column.variant.source, changes=column.variant.changes, name=name)
    value_or_say(app.comparisons.change_column(comparison_id, column.id, variant))


def _put(app: App, comparison_id: UUID, column: Column, variant: Variant) -> None:
    """Another variant, from elsewhere than the widgets below: they start anew."""
    value_or_say(app.comparisons.change_column(comparison_id, column.id, variant))
    _fresh(column.id)


def _save_widget(app: App, comparison_id: UUID, column_id: UUID, key: str, change: Change) -> None:
    value = st.session_state[key]
    _apply(app, comparison_id, column_id, lambda spec: change(spec, value))


def _apply(app: App, comparison_id: UUID, column_id: UUID, change: Callable[[AgentSpec], AgentSpec]) -> None:
    """Change the column as it is now, not as this page last saw it."""
    comparison = app.comparisons.get(comparison_id)
    column = comparison.column(column_id) if comparison else None
    resolved = value_or_say(app.variants.resolve(column.variant)) if column else None
    if column is None or resolved is None:
        return
    wanted = change(resolved.spec)
    variant = column.variant
    if isinstance(variant.source, AdHocSpec):
        changed = Variant(source=AdHocSpec(spec=wanted), name=variant.name)
    else:
        changed = Variant(source=variant.source, changes=changes_between(resolved.source, wanted), name=variant.name)
    value_or_say(app.comparisons.change_column(comparison_id, column_id, changed))


def _fresh(column_id: UUID) -> None:
    st.session_state[_round_key(column_id)] = _round(column_id) + 1


def _round(column_id: UUID) -> int:
    return int(st.session_state.get(_round_key(column_id), 0))


def _round_key(column_id: UUID) -> str:
    return f"column_round_{column_id.hex}"
