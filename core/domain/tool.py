"""What an agent may use, and how a call of it may be treated."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.domain.attachment import Attachment
from core.domain.canonical import Json, content_hash
from core.domain.message import Usage
from core.domain.question import Ask

ToolKind = Literal["builtin", "http", "openapi", "mcp", "hf", "python", "agent", "knowledge"]
ToolEffect = Literal["read", "write"]
"""Whether a call only looks (`read`) or changes the world (`write`)."""
Repeat = Literal["safe", "key", "check", "never"]
"""What may be done with a call whose outcome is unknown: run it again (`safe`), run it again with the
same idempotency key (`key`), ask the tool's own status check (`check`), or leave it to a person."""
Policy = Literal["allow", "ask", "deny"]
ToolMode = Literal["live", "recorded", "dry_run"]
"""What becomes of a tool call that may be made. `live`: it is executed. `dry_run`: a tool that changes the world is
not, and the model is told so; one that only looks is. `recorded`: nothing is executed; where the same tool was called
with the same arguments before, its result stands in."""

NAME_PATTERN = r"[a-zA-Z0-9_-]{1,64}"
"""The names every provider accepts."""


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tool as it is frozen into a run. `definition` is what its kind needs to execute it."""

    name: str
    description: str
    parameters: dict[str, Json]
    """JSON Schema (2020-12) of the arguments, an object schema."""
    kind: ToolKind = "builtin"
    effect: ToolEffect = "read"
    repeat: Repeat = "safe"
    time_limit_s: float = 30.0
    output_limit_chars: int = 20_000
    """Longer results are stored whole and cut for the model, with a visible note."""
    policy: Policy = "allow"
    fixed: dict[str, Json] = {}
    """Arguments set by the person and hidden from the model."""
    definition: dict[str, Json] = {}
    id: str = ""

    def schema_hash(self) -> str:
        """Hash of what the model is told about the tool; approvals and drift checks are bound to it."""
        return content_hash([self.name, self.description, self.parameters])


class ToolChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool picked for an agent, by name, with what the person decided about it."""

    name: str
    policy: Policy = "allow"
    fixed: dict[str, Json] = {}


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """What of a run goes over to a run that it calls. The limits are what is left of the caller's own."""

    run_id: UUID
    effect: str
    began_at: datetime
    """When the call was first started: with the key it names the called run, on every attempt the same."""
    depth: int
    calls: int
    tokens: int | None = None
    cost_usd: float | None = None
    tool_mode: ToolMode = "live"


class ToolResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a tool handed back: `text` is what the model is told; `data` the same as a value, when there is one."""

    text: str
    is_error: bool = False
    data: Json = None
    usage: Usage | None = None
    """What an agent used that was called."""
    inner_calls: int = 0
    """Tool calls that it made."""
    files: tuple[Attachment, ...] = ()
    """Pictures, sounds and other files that the tool made; they are stored already."""


class ToolRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call of one tool, decided and journaled: `arguments` are valid and whole, fixed inputs included."""

    tool: ToolSpec
    arguments: dict[str, Json]
    key: str
    """The idempotency key, the same on every attempt."""
    time_limit_s: float
    caller: Caller | None = None
    """The run that calls; None where no run does."""
    files: tuple[Attachment, ...] = ()
    """Every file of the conversation so far, oldest first: what an argument may name."""
    ask: Ask | None = None
    """Asks a person in the middle of the call; the time limit stands still meanwhile. None: nobody can be asked."""
