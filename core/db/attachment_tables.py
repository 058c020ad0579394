"""Files that people attached to messages, and the texts made of them: each once, named by its content."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base


class AttachmentRow(Base):
    __tablename__ = "attachments"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    """Hexadecimal digits."""
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="named_by_content"),)
