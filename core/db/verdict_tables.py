"""What people think of answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class VerdictRow(Base):
    """One person's thumb, up or down, for one answer; a new one takes the place of the old."""

    __tablename__ = "verdicts"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True)
    is_good: Mapped[bool]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
