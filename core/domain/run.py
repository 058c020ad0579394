"""A run: one execution of a frozen spec on one input."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.domain.agent import Limits, Parameters, Retry
from core.domain.endpoint import Endpoint
from core.domain.message import Message, Usage
from core.domain.purse import Purse
from core.domain.template import Span
from core.domain.tool import ToolMode, ToolSpec
from core.errors import FaultKind

RunStatus = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]
EndStatus = Literal["done", "failed", "cancelled"]
RunKind = Literal["chat", "try", "cli", "api", "test", "compare", "evaluation", "call"]
"""Where the run was started: a conversation, an editor's *Try it*, a command, HTTP, a tool's test, a comparison,
an evaluation, another run's tool call."""

ENDED: frozenset[RunStatus] = frozenset({"done", "failed", "cancelled"})


WAITED_FOR = 10
"""Priority of a run that a person waits for; batches have 0."""


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that decides how a run goes. Frozen when it starts; editing the agent later changes nothing."""

    instructions: str = ""
    """The rendered system prompt; empty: no system message is sent."""
    filled: tuple[Span, ...] = ()
    """Where in the instructions the values of variables stand; a screen colours them."""
    history: tuple[Message, ...] = ()
    """The messages of the conversation before this run's input."""
    endpoint: Endpoint = Endpoint(name="", kind="openai")
    """Without a name: the run asks no model."""
    model: str = ""
    provider: str = ""
    parameters: Parameters = Parameters()
    tools: tuple[ToolSpec, ...] = ()
    limits: Limits = Limits()
    retry: Retry = Retry()
    tool_mode: ToolMode = "live"
    depth: int = 0
    """How many runs stand above this one, each called by the one before."""
    asks_for_others: tuple[str, ...] = ()
    """Tools that ask only because another column of the same comparison may want the same call."""
    purse: Purse | None = None
    """A ceiling that this run shares with others; None: it has only its own limits."""
    notes: tuple[str, ...] = ()
    """What a person must be told about this run from its start: what they asked for and it does not have."""


class Totals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run has used so far, folded from its journal."""

    steps: int = 0
    calls_executed: int = 0
    calls_refused: int = 0
    usage: Usage | None = None
    """With what agents used that this run called. None: no step reported it."""
    called_tokens: int = 0
    """Of these, used by the agents that it called: they stand in their own runs too."""
    called_cost_usd: float = 0.0
    first_token_ms: float | None = None
    active_s: float = 0.0
    """Seconds a worker held the run; waiting for a person does not count."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a run: what lists and filters need. Everything that happened is in its journal."""

    id: UUID
    kind: RunKind
    status: RunStatus
    conversation_id: UUID | None = None
    parent_run_id: UUID | None = None
    """The run whose answer this input replies to."""
    caller_run_id: UUID | None = None
    """The run whose tool call this run is; the call's place is `caller_effect`."""
    caller_effect: str = ""
    agent_id: UUID | None = None
    agent_name: str = ""
    revision: int | None = None
    """None: a draft, or no saved agent."""
    model: str = ""
    endpoint: str = ""
    input: str = ""
    output: str = ""
    """The answer, or the partial text of a run that did not finish; shortened for lists."""
    error_kind: FaultKind | None = None
    totals: Totals = Totals()
    tags: tuple[str, ...] = ()
    created_by: str = ""
    created_at: datetime
    ended_at: datetime | None = None
    epoch: int = 0
    next_seq: int = 0
    lease_owner: str | None = None
    priority: int = 0
    """Of two queued runs the higher one goes first."""
    batch_id: UUID | None = None
    """What it was queued for together with others, which can be paused as a whole."""
    held: bool = False
    """Queued, and nobody takes it up before its batch goes on."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """An ordered tree of runs with one agent."""

    id: UUID
    agent_id: UUID | None
    agent_name: str = ""
    title: str = ""
    archived: bool = False
    created_at: datetime
    updated_at: datetime
