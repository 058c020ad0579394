"""Agents, their revisions, and the library of prompts.

A spec is `json`, not `jsonb`: an answer's schema keeps the order of its properties, in which a model writes them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from core.db.base import Base


class AgentRow(Base):
    __tablename__ = "agents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    avatar: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    live_revision: Mapped[int | None]
    gate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    archived: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("live_revision IS NOT NULL OR draft IS NOT NULL", name="has_spec"),
    )


class AgentRevisionRow(Base):
    """Immutable: a trigger refuses UPDATE."""

    __tablename__ = "agent_revisions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    number: Mapped[int]
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    author: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("agent_id", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )


class AgentReleaseRow(Base):
    """When a revision went live, and by what right. Immutable: a trigger refuses UPDATE.

    `evaluation_id` refers to no row of `evaluations`: one that is cleaned away must not take its proof along.
    """

    __tablename__ = "agent_releases"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    revision: Mapped[int]
    evaluation_id: Mapped[UUID | None]
    rate: Mapped[float | None]
    minimum: Mapped[float | None]
    reason: Mapped[str] = mapped_column(server_default="")
    who: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_agent_releases_agent_id", "agent_id"),)


class _PromptColumns:
    """A prompt is a named text; each row is one immutable version of it."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    number: Mapped[int]
    text: Mapped[str]
    variables: Mapped[list[Any]] = mapped_column(server_default="[]")
    label: Mapped[str] = mapped_column(server_default="")
    author: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SystemPromptRow(_PromptColumns, Base):
    __tablename__ = "system_prompts"
    __table_args__ = (
        UniqueConstraint("name", "number"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )


class UserPromptRow(_PromptColumns, Base):
    __tablename__ = "user_prompts"
    __table_args__ = (
        UniqueConstraint("name", "number"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )
