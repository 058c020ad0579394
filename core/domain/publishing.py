"""Agents that answer over HTTP, and the keys that other programs ask them with."""

from datetime import datetime
from uuid import UUID

import msgspec

KEY_NAME_CHARS = 60
IDEMPOTENCY_KEY_CHARS = 255
REQUESTS_PER_MINUTE = 60
"""What a new key may ask, unless somebody says otherwise."""


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that answers over HTTP."""

    agent_id: UUID
    revision: int | None = None
    """None: whichever is live when it is asked."""
    takes_instructions: bool = False
    """Whether callers may add to its instructions by a system message."""
    updated_by: str = ""
    updated_at: datetime


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its value: only a hash of that is kept."""

    id: UUID
    name: str
    prefix: str
    """How the value begins, so that a person recognises it."""
    agent_ids: tuple[UUID, ...] | None = None
    """None: every published agent."""
    requests_per_minute: int | None = None
    created_by: str = ""
    created_at: datetime
    last_used_at: datetime | None = None
    """To the minute."""
    revoked_by: str = ""
    revoked_at: datetime | None = None

    @property
    def tag(self) -> str:
        """On every run that was asked for with it."""
        return f"key:{self.name}"

    def may_ask(self, agent_id: UUID) -> bool:
        return self.agent_ids is None or agent_id in self.agent_ids


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made. `value` is known here and never again."""

    key: ApiKey
    value: str


class ApiCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for a run, and with what: `digest` is the SHA-256 of the question."""

    run_id: UUID
    key_id: UUID
    idempotency_key: str | None = None
    digest: bytes
