"""Conversations, runs and the journal. `runs` is the only mutable row of a run; `run_events` only grows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.types import Text

from core.db.base import Base

_SAID = ("input", "output", "agent_name")
# U+0000 may stand in an entry, and Postgres reads no value of a document that has one.
CALLED_NAME: ColumnClause[str] = literal_column(
    r"CAST(CAST(replace(CAST(body AS text), '\u0000', '\ufffd') AS json) -> 'name' AS text)"
)
"""The name of the tool that an entry of a call speaks of, as the JSON text that `ix_run_events_calls` keeps."""


class ConversationRow(Base):
    __tablename__ = "conversations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(server_default="")
    archived: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_conversations_archived_updated_at_id", "archived", "updated_at", "id"),
        Index("ix_conversations_agent_id", "agent_id"),
        Index("ix_conversations_title_trgm", "title", postgresql_using="gin", postgresql_ops={"title": "gin_trgm_ops"}),
    )


class RunRow(Base):
    __tablename__ = "runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="queued")
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    parent_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    caller_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    """The run whose tool call this run is."""
    caller_effect: Mapped[str] = mapped_column(server_default="")
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    agent_name: Mapped[str] = mapped_column(server_default="")
    revision: Mapped[int | None]
    model: Mapped[str] = mapped_column(server_default="")
    endpoint: Mapped[str] = mapped_column(server_default="")
    input: Mapped[str] = mapped_column(server_default="")
    output: Mapped[str] = mapped_column(server_default="")
    error_kind: Mapped[str | None]
    totals: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]

    epoch: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The fencing token: grows with every claim, never goes back."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(server_default="0")
    """Of two queued runs the higher one goes first: a person who waits before a batch."""
    batch_id: Mapped[UUID | None]
    """What it was queued for together with others, which can be paused as a whole."""
    held: Mapped[bool] = mapped_column(server_default="false")
    """Queued, and nobody takes it up before its batch goes on."""
    next_seq: Mapped[int] = mapped_column(server_default="0")
    head: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    """Hash of the journal's last entry."""
    partial: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The text of the answer under way, written about once a second: what a crash may show of it."""

    __table_args__ = (
        CheckConstraint(
            "kind IN ('chat', 'try', 'cli', 'api', 'test', 'compare', 'evaluation', 'call')", name="kind_known"
        ),
        CheckConstraint(
            "status IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')", name="status_known"
        ),
        CheckConstraint("(status = 'running') = (lease_owner IS NOT NULL)", name="running_is_leased"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_is_whole"),
        CheckConstraint("status = 'queued' OR NOT held", name="held_is_queued"),
        Index("ix_runs_conversation_id_id", "conversation_id", "id"),
        Index("ix_runs_agent_id_id", "agent_id", "id"),
        Index("ix_runs_parent_run_id", "parent_run_id"),
        Index("ix_runs_status_id", "status", "id"),
        Index("ix_runs_kind_id", "kind", "id"),
        Index("ix_runs_model_id", "model", "id"),
        Index("ix_runs_created_by_id", "created_by", "id"),
        Index("ix_runs_error_kind_id", "error_kind", "id", postgresql_where=text("error_kind IS NOT NULL")),
        Index("ix_runs_tags", "tags", postgresql_using="gin", postgresql_where=text("tags <> '{}'")),
        # A text anywhere in these, whatever its case; one index, so that "in any of them" is one look-up.
        Index(
            "ix_runs_said_trgm",
            *_SAID,
            postgresql_using="gin",
            postgresql_ops=dict.fromkeys(_SAID, "gin_trgm_ops"),
        ),
        # One run a call, whoever starts it again.
        Index(
            "uq_runs_caller",
            "caller_run_id",
            "caller_effect",
            unique=True,
            postgresql_where=text("caller_run_id IS NOT NULL"),
        ),
        Index("ix_runs_queue", text("priority DESC"), "id", postgresql_where=text("status = 'queued' AND NOT held")),
        Index("ix_runs_batch_id_status", "batch_id", "status", postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_runs_lease_until", "lease_until", postgresql_where=text("status = 'running'")),
    )


class RunEventRow(Base):
    """Append-only: triggers refuse UPDATE and TRUNCATE, and DELETE of a run that has no mark in `removed_runs`.

    `body` is `json`, not `jsonb`: the hash covers the exact text, and a model may say U+0000, which
    jsonb cannot keep.
    """

    __tablename__ = "run_events"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    effect: Mapped[str | None]
    attempt: Mapped[int | None]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint(
            "kind IN ('created', 'claimed', 'started', 'decision', 'finished', 'refused', 'unknown', "
            "'asked', 'answered', 'settled', 'cancelled', 'ended')",
            name="kind_known",
        ),
        CheckConstraint(
            "(effect IS NOT NULL) = (kind IN ('started', 'decision', 'finished', 'refused', 'unknown', "
            "'asked', 'answered', 'settled'))",
            name="effect_where_due",
        ),
        CheckConstraint(
            "(attempt IS NOT NULL) = (kind IN ('started', 'decision', 'finished', 'unknown'))",
            name="attempt_where_due",
        ),
        CheckConstraint("(seq = 0) = (kind = 'created')", name="created_first"),
        # What makes double recording impossible, whoever writes: engine.md, "Unique constraints".
        Index(
            "uq_run_events_start", "run_id", "effect", "attempt", unique=True, postgresql_where=text("kind = 'started'")
        ),
        Index(
            "uq_run_events_attempt_outcome",
            "run_id",
            "effect",
            "attempt",
            unique=True,
            postgresql_where=text("kind IN ('decision', 'finished', 'unknown')"),
        ),
        Index("uq_run_events_decision", "run_id", "effect", unique=True, postgresql_where=text("kind = 'decision'")),
        Index(
            "uq_run_events_call_outcome",
            "run_id",
            "effect",
            unique=True,
            postgresql_where=text("kind IN ('finished', 'refused') AND effect NOT LIKE '%.m'"),
        ),
        Index(
            "ix_run_events_calls",
            CALLED_NAME,
            "run_id",
            postgresql_where=text("kind = 'started' AND effect NOT LIKE '%.m'"),
        ),
        Index("uq_run_events_claim", "run_id", "epoch", unique=True, postgresql_where=text("kind = 'claimed'")),
        Index("uq_run_events_end", "run_id", unique=True, postgresql_where=text("kind = 'ended'")),
    )


class RemovedRunRow(Base):
    """The mark of a run that was removed as a whole. Triggers: only of a run that has ended, and it stays as it is."""

    __tablename__ = "removed_runs"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    run_id: Mapped[UUID]
    entries: Mapped[int]
    head: Mapped[bytes] = mapped_column(LargeBinary)
    """Hash of the journal's last entry."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    removed_at: Mapped[datetime]
    reason: Mapped[str]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Covers this mark and, through its predecessor, all before it."""

    __table_args__ = (UniqueConstraint("run_id"),)


class WorkerRow(Base):
    """A process that executes runs. While it lives it holds the session advisory lock of its `key`."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[int]
    host: Mapped[str] = mapped_column(server_default="")
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    adopts: Mapped[int] = mapped_column(server_default="0")
    """How many runs it takes up at once that others queued or left; 0: only those that are started in it."""

    __table_args__ = (UniqueConstraint("key"),)
