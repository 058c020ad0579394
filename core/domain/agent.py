"""An agent's spec: everything a person edits. A revision is one immutable spec, named by its content."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.domain.canonical import Json, content_hash
from core.domain.gate import Gate
from core.domain.tool import ToolChoice

TOOL_CHOICES = ("auto", "none", "required")
VariableType = Literal["text", "long_text", "number", "choice", "yes_no", "date"]


class Variable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A typed input of a prompt, written `{{name}}` in its text. `default` is kept as text."""

    name: str
    type: VariableType = "text"
    default: str = ""
    choices: tuple[str, ...] = ()


class Parameters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sampling parameters. None (or empty) means: not sent."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    reasoning_effort: str | None = None
    response_schema: dict[str, Json] | None = None
    """JSON Schema the answer has to fit; None: free text, or any object with `json_object`."""
    json_object: bool = False
    """The answer has to be a JSON object, of whatever form; of no effect beside a schema."""
    tool_choice: str | None = None
    """`auto`, `none`, `required`, or the name of the one tool that every step has to call."""
    parallel_tool_calls: bool | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a run stops by itself. None: no limit of that kind."""

    steps: int = 20
    calls: int = 50
    seconds: float = 300.0
    tokens: int | None = None
    cost_usd: float | None = None
    parallel: int = 8
    """Tool calls of one step that may run at the same time."""


class Retry(msgspec.Struct, frozen=True, omit_defaults=True):
    """How often a model request is tried in all, and the wait between. Each attempt is journaled."""

    attempts: int = 1
    wait_s: float = 2.0


class AgentSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person edits: the prompt, the model, the tools, the limits."""

    instructions: str = ""
    variables: tuple[Variable, ...] = ()
    endpoint: str = ""
    """Name of an endpoint; empty: whichever the server would choose now."""
    model: str = ""
    """Empty: the endpoint's default model."""
    provider: str = ""
    """Who serves the model behind the Hugging Face router; empty: each run is pinned to one when it starts."""
    parameters: Parameters = Parameters()
    tools: tuple[ToolChoice, ...] = ()
    limits: Limits = Limits()
    retry: Retry = Retry()
    starters: tuple[str, ...] = ()

    def hash(self) -> str:
        """Names this spec by its content."""
        return content_hash(self)


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """The named thing. `draft` is None while nothing differs from the live revision."""

    id: UUID
    name: str
    description: str = ""
    avatar: str = ""
    tags: tuple[str, ...] = ()
    draft: AgentSpec | None = None
    live_revision: int | None = None
    gate: Gate | None = None
    """What a revision has to prove before it goes live; None: it goes live when it is saved."""
    archived: bool = False
    created_at: datetime
    updated_at: datetime


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable spec of an agent."""

    id: UUID
    agent_id: UUID
    number: int
    spec: AgentSpec
    content_hash: str
    note: str = ""
    author: str = ""
    created_at: datetime
