"""Where tools come from that others define: MCP servers, with what they said when a person took them in."""

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
    allow_hosts: tuple[str, ...] = ()
    """Hosts that it may be reached at although they are private: "host" or "host:port"."""

    def secrets(self) -> set[str]:
        """Names of every secret that goes to it."""
        return {*self.secret_env.values(), *self.secret_headers.values()} | ({self.bearer} if self.bearer else set())

    def place(self) -> str:
        """Where it is, for people."""
        return self.url or " ".join(self.command)


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


class ToolSource(msgspec.Struct, frozen=True, kw_only=True):
    """An MCP server under a name. `listing` is what it said when a person last accepted it."""

    id: UUID
    name: str
    server: McpServer
    listing: tuple[ListedTool, ...]
    created_by: str = ""
    created_at: datetime
    updated_at: datetime
    checked_at: datetime | None = None
    fault: str = ""
    """Why it did not answer when it was last asked."""
