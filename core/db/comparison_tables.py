"""Comparisons. What they compare stands in `runs`; here is which runs, in which column, and what was thought of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class ComparisonRow(Base):
    """`columns` is `json`, not `jsonb`: an answer's schema keeps the order of its properties."""

    __tablename__ = "comparisons"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(server_default="")
    tool_mode: Mapped[str] = mapped_column(server_default="dry_run")
    columns: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    turns: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    votes: Mapped[list[Any]] = mapped_column(server_default="[]")
    shuffled: Mapped[list[Any]] = mapped_column(server_default="[]")
    origin_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    archived: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("tool_mode IN ('live', 'recorded', 'dry_run')", name="tool_mode_known"),
        CheckConstraint("length(title) <= 200", name="title_length"),
        Index("ix_comparisons_updated_at_id", "updated_at", "id"),
        Index("ix_comparisons_origin_run_id", "origin_run_id"),
    )
