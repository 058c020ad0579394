"""Where tools come from that others define: MCP servers, with what they said when a person took them in."""

import shlex
from datetime import datetime
from uuid import UUID

import msgspec

from core.domain.canonical import Json, content_hash


class McpServer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an MCP server is reached: a command of this machine that speaks over its pipes, or an address."""

    command: tuple[str, ...] = ()
    url: str = ""
    env: dict[str, str] = {}
    """Variables of the command, beside the few that every command gets."""
    secret_env: dict[str, str] = {}
    """Variables whose values are secrets, each by the secret's name."""
    bearer: str = ""
    """The secret that is sent as a bearer token."""
    secret_headers: dict[str, str] = {}
    """Headers whose values are secrets, each by the secret's name."""
    oauth: bool = False
    """A person signs in to it, and their tokens are sent."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts that it may be reached at although they are private: "host" or "host:port"."""

    def secrets(self) -> set[str]:
        """Names of every secret that goes to it."""
        return {*self.secret_env.values(), *self.secret_headers.values()} | ({self.bearer} if self.bearer else set())

    def place(self) -> str:
        """Where it is, for people; a command as a shell takes it."""
        return self.url or shlex.join(self.command)


class ListedTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool as its server describes it."""

    name: str
    title: str = ""
    description: str = ""
    parameters: dict[str, Json] = {}
    is_read_only: bool = False
    """The server says so; nobody else knows."""

    def hash(self) -> str:
        """Names this description by its content: a tool has drifted when its hash is another."""
        return content_hash(self)


class ToolProgress(msgspec.Struct, frozen=True):
    """How far a call under way is, as its server tells. `total` None: it does not say how far it has to go."""

    done: float
    total: float | None = None
    message: str = ""

    @property
    def share(self) -> float | None:
        """From 0 to 1, where the server says enough."""
        return min(max(self.done / self.total, 0.0), 1.0) if self.total and self.total > 0 else None


class ToolDrift(msgspec.Struct, frozen=True, kw_only=True):
    """A tool in use that its server describes otherwise than what was accepted; `now` None: it has it no more."""

    before: ListedTool
    now: ListedTool | None

    @property
    def tool(self) -> str:
        """Its name there."""
        return self.before.name

    def parts(self) -> tuple[str, ...]:
        """The parts that differ, in words."""
        now = self.now
        if now is None:
            return ()
        return tuple(word for field, word in _PARTS.items() if getattr(self.before, field) != getattr(now, field))


_PARTS = {
    "title": "title",
    "description": "description",
    "parameters": "inputs",
    "is_read_only": "whether it only reads",
}


class ToolSource(msgspec.Struct, frozen=True, kw_only=True):
    """An MCP server under a name."""

    id: UUID
    name: str
    server: McpServer
    server_name: str
    """What it calls itself, with its version."""
    accepted: tuple[ListedTool, ...]
    """The tools in use here, as the server described them when a person accepted them."""
    seen: tuple[ListedTool, ...]
    """Everything that it said when it last answered."""
    checked_at: datetime
    fault: str
    """Why it did not answer when it was last asked; empty when it did."""
    created_by: str
    created_at: datetime
    updated_by: str
    """Who accepted, chose or archived last."""
    updated_at: datetime

    @property
    def drifts(self) -> tuple[ToolDrift, ...]:
        """What changed of the tools in use, as far as the server was asked."""
        now = {tool.name: tool for tool in self.seen}
        found = (ToolDrift(before=tool, now=now.get(tool.name)) for tool in self.accepted)
        return tuple(drift for drift in found if drift.before != drift.now)
