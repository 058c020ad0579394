"""Published agents, the keys that may ask them, and what each key asked for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class PublicationRow(Base):
    """An agent without a row is reached by no key."""

    __tablename__ = "publications"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int | None]
    """NULL: the live one."""
    takes_instructions: Mapped[bool] = mapped_column(server_default="false")
    updated_by: Mapped[str] = mapped_column(server_default="")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKeyRow(Base):
    """`hash` is the SHA-256 of 32 random bytes as text: nobody guesses them, so nothing slower is needed."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    prefix: Mapped[str]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    agent_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """NULL: every published agent."""
    requests_per_minute: Mapped[int | None]
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(server_default="")
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("hash"),
        Index("uq_api_keys_name", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
        CheckConstraint("length(name) BETWEEN 1 AND 60", name="name_length"),
        CheckConstraint("octet_length(hash) = 32", name="hash_length"),
        CheckConstraint("requests_per_minute BETWEEN 1 AND 100000", name="requests_per_minute_range"),
    )


class ApiCallRow(Base):
    """Which key asked for which run. The same idempotency key names the same run for ever."""

    __tablename__ = "api_calls"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    idempotency_key: Mapped[str | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("key_id", "idempotency_key"),
        CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", name="idempotency_key_length"),
        CheckConstraint("octet_length(digest) = 32", name="digest_length"),
    )
