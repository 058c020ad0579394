"""Rows of lists: what a screen shows of a thing before it is opened."""

from datetime import datetime
from uuid import UUID

import msgspec

from core.domain.agent import Agent, AgentSpec
from core.domain.run import Conversation, RunStatus


class AgentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An agent, its current spec (the draft where there is one), and what it did in the last seven days."""

    agent: Agent
    spec: AgentSpec
    last_run_at: datetime | None = None
    runs_this_week: int = 0
    tokens_this_week: int = 0
    cost_usd_this_week: float | None = None
    """None: no run of the week reported a cost."""


class ConversationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation and its newest run. A conversation without a title is called by its first input."""

    conversation: Conversation
    last_line: str = ""
    status: RunStatus | None = None
    """None: nothing was said yet."""
    last_run_id: UUID | None = None
    last_at: datetime
    found: str = ""
    """Of a search: the words around the place in what was said; empty where only the title fits."""
    found_run_id: UUID | None = None


class SecretName(msgspec.Struct, frozen=True):
    """A secret without its value."""

    name: str
    updated_at: datetime
