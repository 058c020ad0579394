"""Tools added by people (the built-in ones are code), the notebook, endpoints and secrets.

Schemas are `json`, not `jsonb`: a model is told the parameters in the order in which they were written.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class ToolRow(Base):
    __tablename__ = "tools"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    schema_hash: Mapped[str]
    definition: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    effect: Mapped[str]
    repeat: Mapped[str]
    time_limit_s: Mapped[float] = mapped_column(server_default="30")
    output_limit_chars: Mapped[int] = mapped_column(server_default="20000")
    source: Mapped[str] = mapped_column(server_default="")
    """Where it came from, for a person: an OpenAPI document's address, an MCP server's name."""
    archived: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("name ~ '^[a-zA-Z0-9_-]{1,64}$'", name="name_legal"),
        CheckConstraint("kind IN ('http', 'openapi', 'mcp', 'hf', 'python', 'agent', 'knowledge')", name="kind_known"),
        CheckConstraint("effect IN ('read', 'write')", name="effect_known"),
        CheckConstraint("repeat IN ('safe', 'key', 'check', 'never')", name="repeat_known"),
    )


class ToolSourceRow(Base):
    """An MCP server, with what it said when a person accepted it and what it said last."""

    __tablename__ = "tool_sources"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    server: Mapped[dict[str, Any]] = mapped_column(JSON)
    """How it is reached; secrets by name."""
    server_name: Mapped[str] = mapped_column(server_default="")
    accepted: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    seen: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    checked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    fault: Mapped[str] = mapped_column(server_default="")
    archived: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[str] = mapped_column(server_default="")
    """Who accepted, chose or archived last."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("name ~ '^[a-zA-Z0-9_-]{1,40}$'", name="name_legal"),
    )


class ApiDocumentRow(Base):
    """An OpenAPI document that tools came from. `changes`: what it said otherwise when it was last read."""

    __tablename__ = "api_documents"

    source: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(server_default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    known: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    changes: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    fault: Mapped[str] = mapped_column(server_default="")
    checked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[str] = mapped_column(server_default="")
    """Who took it in or accepted a change last."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("source <> ''", name="source_given"),)


class NotebookPageRow(Base):
    """What agents wrote down with the notebook tool. `key` is the idempotency key of the call that wrote it."""

    __tablename__ = "notebook_pages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    notebook: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str]
    key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("key"), Index("ix_notebook_pages_notebook_id", "notebook", "id"))


class EndpointRow(Base):
    __tablename__ = "endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    base_url: Mapped[str]
    secret: Mapped[str] = mapped_column(server_default="")
    """Name of a secret, or empty: this endpoint wants no key."""
    model: Mapped[str] = mapped_column(server_default="")
    compatibility: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    silence_s: Mapped[float | None]
    concurrency: Mapped[int | None]
    requests_per_minute: Mapped[int | None]
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("base_url ~ '^https?://'", name="base_url_http"),
        CheckConstraint("silence_s > 0 AND silence_s <= 86400", name="silence_s_range"),
        CheckConstraint("concurrency BETWEEN 1 AND 1000", name="concurrency_range"),
        CheckConstraint("requests_per_minute BETWEEN 1 AND 100000", name="requests_per_minute_range"),
    )


class EndpointBudgetRow(Base):
    """How many requests went to an endpoint in each second of the last minute, from all processes together.

    By name: built-in endpoints have no row of their own.
    """

    __tablename__ = "endpoint_budgets"

    name: Mapped[str] = mapped_column(primary_key=True)
    sent: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Requests by second since 1970."""


class SecretRow(Base):
    """Ciphertext only; the key lies outside the database."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    updated_by: Mapped[str] = mapped_column(server_default="")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("name ~ '^[A-Za-z0-9_.-]{1,100}$'", name="name_legal"),)


class PreferenceRow(Base):
    """Choices of the workspace that a person makes on a screen, such as the endpoint that answers by default."""

    __tablename__ = "preferences"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_by: Mapped[str] = mapped_column(server_default="")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
