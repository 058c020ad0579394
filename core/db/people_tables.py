"""Who may sign in, where they are signed in, and what happened that matters for security."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class PersonRow(Base):
    """Nobody is deleted: their name stands beside what they did."""

    __tablename__ = "people"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str] = mapped_column(server_default="")
    """Argon2id in its own notation; empty: signs in elsewhere, never with a password."""
    disabled: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'builder', 'operator')", name="role_known"),
        CheckConstraint("length(name) BETWEEN 1 AND 60 AND name = btrim(name)", name="name_length"),
        Index("ix_people_name", text("lower(name)"), unique=True),
    )


class SignInRow(Base):
    """A browser that somebody signed in with, by the hash of its cookie."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    """None: signed in with the server's one password."""
    name: Mapped[str]
    mark: Mapped[str] = mapped_column(server_default="")
    """Which of the server's one passwords: another one ends what was signed in with the last."""
    address: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_sign_ins_id", "id", unique=True), Index("ix_sign_ins_person_id", "person_id"))


class SignInTryRow(Base):
    """A password that was given and not found right yet. Counted over all processes."""

    __tablename__ = "sign_in_tries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    address: Mapped[str]
    name: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_sign_in_tries_at", "at"),)


class SecurityEventRow(Base):
    """Append-only, by a trigger."""

    __tablename__ = "security_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    kind: Mapped[str]
    who: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
