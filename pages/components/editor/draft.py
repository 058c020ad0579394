"""The draft under edit: each widget changes one thing in it and saves it at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import streamlit as st

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from pages.components.session import say, value_or_say, who

Change = Callable[[AgentSpec, Any], AgentSpec]
"""Puts a widget's value into a spec."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the editor's parts share: the agent and its spec as it stands now."""

    app: App
    agent: Agent
    spec: AgentSpec

    def key(self, field: str) -> str:
        """A widget's key. It changes when the draft is replaced from elsewhere, so that no widget shows what was."""
        return f"{field}-{self.agent.id.hex}-{_round(self.agent.id)}"

    def on_change(self, field: str, change: Change) -> dict[str, Any]:
        """The keyword arguments that make a widget save what it holds."""
        key = self.key(field)
        return {"key": key, "on_change": save_widget, "args": (self.app, self.agent.id, key, change)}

    def edit(self, change: Callable[[AgentSpec], AgentSpec]) -> None:
        """Change the draft from a button; the widgets start anew from it."""
        apply(self.app, self.agent.id, change)
        fresh(self.agent.id)


def save_widget(app: App, agent_id: UUID, key: str, change: Change) -> None:
    value = st.session_state[key]
    apply(app, agent_id, lambda spec: change(spec, value))


def apply(app: App, agent_id: UUID, change: Callable[[AgentSpec], AgentSpec]) -> None:
    """Change the draft as it is in the database now, not as this page last saw it."""
    agent = app.agents.get(agent_id)
    if agent is None:
        say("This agent does not exist any more.", failed=True)
        return
    value_or_say(app.agents.save_draft(agent_id, change(app.agents.spec(agent)), who()))


def fresh(agent_id: UUID) -> None:
    """Let the widgets start anew from the draft."""
    st.session_state[_round_key(agent_id)] = _round(agent_id) + 1


def _round(agent_id: UUID) -> int:
    return int(st.session_state.get(_round_key(agent_id), 0))


def _round_key(agent_id: UUID) -> str:
    return f"editor_round_{agent_id.hex}"


def put(field: str) -> Change:
    """The change that sets one field of the spec to the widget's value; nothing chosen is the empty text."""
    return lambda spec, value: msgspec.structs.replace(spec, **{field: "" if value is None else value})


def put_parameter(field: str) -> Change:
    def change(spec: AgentSpec, value: object) -> AgentSpec:
        parameters = msgspec.structs.replace(spec.parameters, **{field: value})
        return msgspec.structs.replace(spec, parameters=parameters)

    return change


def put_limit(field: str) -> Change:
    def change(spec: AgentSpec, value: object) -> AgentSpec:
        return msgspec.structs.replace(spec, limits=msgspec.structs.replace(spec.limits, **{field: value}))

    return change


def put_retry(field: str) -> Change:
    def change(spec: AgentSpec, value: object) -> AgentSpec:
        return msgspec.structs.replace(spec, retry=msgspec.structs.replace(spec.retry, **{field: value}))

    return change


def lines(text: str | None) -> tuple[str, ...]:
    """The lines of a text that say something."""
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())
