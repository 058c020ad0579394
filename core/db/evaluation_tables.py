"""Datasets in versions, and evaluations: cells that become runs, and scores."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class DatasetRow(Base):
    __tablename__ = "datasets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    archived: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1")
    """The newest one."""
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
    )


class DatasetVersionRow(Base):
    __tablename__ = "dataset_versions"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    last_item: Mapped[int] = mapped_column(server_default="0")
    """The highest number that an item ever had, so that none is given twice."""
    frozen: Mapped[bool] = mapped_column(server_default="false")
    author: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("number >= 1", name="number_from_one"),)


class DatasetItemRow(Base):
    __tablename__ = "dataset_items"

    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    input: Mapped[str]
    variables: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    expected: Mapped[str] = mapped_column(server_default="")
    notes: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        ForeignKeyConstraint(
            ["dataset_id", "version"], ["dataset_versions.dataset_id", "dataset_versions.number"], ondelete="CASCADE"
        ),
    )


class EvaluationRow(Base):
    """`plan` never changes; `evaluators` may, since answers can be judged again without being asked for again."""

    __tablename__ = "evaluations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id"))
    version: Mapped[int]
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    evaluators: Mapped[list[Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(server_default="running")
    reason: Mapped[str] = mapped_column(server_default="")
    ceiling_usd: Mapped[float | None]
    changes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("status IN ('running', 'paused', 'cancelled', 'done')", name="status_known"),
        Index("ix_evaluations_dataset_id", "dataset_id"),
        Index("ix_evaluations_running", "id", postgresql_where=text("status = 'running'")),
    )


class EvaluationCellRow(Base):
    """One variant on one item, once. It is given its run in the transaction that records the run, so it has one or none.

    `run_id` refers to no row of `runs`: a run that is cleaned away must not make its cell look as if it never ran.
    """

    __tablename__ = "evaluation_cells"

    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True)
    variant: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    repeat: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default="planned")
    problem: Mapped[str] = mapped_column(server_default="")
    """Why it could not be started."""
    charged_usd: Mapped[float] = mapped_column(server_default="0")
    """While it is under way, what it is expected to cost, or at most can; then what it did cost."""

    __table_args__ = (
        CheckConstraint("state IN ('planned', 'under_way', 'ended', 'impossible')", name="state_known"),
        CheckConstraint("(state IN ('under_way', 'ended')) = (run_id IS NOT NULL)", name="started_has_run"),
        Index(
            "ix_evaluation_cells_planned",
            "evaluation_id",
            "repeat",
            "item",
            "variant",
            postgresql_where=text("state = 'planned'"),
        ),
        Index("ix_evaluation_cells_under_way", "evaluation_id", postgresql_where=text("state = 'under_way'")),
        Index("ix_evaluation_cells_run_id", "run_id"),
    )


class AccountRow(Base):
    """A ceiling that several runs share, and how much of it is spent or set aside. Its id is what shares it."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ceiling_usd: Mapped[float]
    charged_usd: Mapped[float] = mapped_column(server_default="0")


class ChargeRow(Base):
    """One attempt of one model call: while it is open, at most what it can cost; then what it did cost."""

    __tablename__ = "charges"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    effect: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    usd: Mapped[float]
    is_open: Mapped[bool] = mapped_column(server_default="true")

    __table_args__ = (Index("ix_charges_open", "account_id", postgresql_where=text("is_open")),)


class ScoreRow(Base):
    """What one revision of an evaluator says of one cell; of a human vote, a row a person."""

    __tablename__ = "scores"

    evaluation_id: Mapped[UUID] = mapped_column(primary_key=True)
    variant: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    repeat: Mapped[int] = mapped_column(primary_key=True)
    evaluator: Mapped[str] = mapped_column(primary_key=True)
    """The content hash of the evaluator's revision."""
    who: Mapped[str] = mapped_column(primary_key=True, server_default="")
    passed: Mapped[bool | None]
    value: Mapped[float | None]
    reason: Mapped[str] = mapped_column(server_default="")
    run_id: Mapped[UUID | None]
    """The judging model's own run."""
    pending: Mapped[bool] = mapped_column(server_default="false")
    charged_usd: Mapped[float] = mapped_column(server_default="0")
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["evaluation_id", "variant", "item", "repeat"],
            [
                "evaluation_cells.evaluation_id",
                "evaluation_cells.variant",
                "evaluation_cells.item",
                "evaluation_cells.repeat",
            ],
            ondelete="CASCADE",
            name="fk_scores_cell",
        ),
        Index("ix_scores_pending", "evaluation_id", postgresql_where=text("pending")),
    )
