"""What happened that matters for security: the table `security_events`."""

from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.people_tables import SecurityEventRow
from core.domain.person import SecurityEvent, SecurityKind
from core.ids import new_id

_LONGEST = 200


class SecurityEventRepository:
    """Adds to `security_events` and reads it; the table refuses everything else."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, kind: SecurityKind, who: str, subject: str = "", detail: str = "", address: str = "") -> None:
        said = {"who": who, "subject": subject, "detail": detail, "address": address}
        kept = {field: text.replace("\x00", "�")[:_LONGEST] for field, text in said.items()}
        self._session.add(SecurityEventRow(id=new_id(), kind=kind, **kept))

    def list(self, kinds: Collection[str] = (), before: UUID | None = None, limit: int = 50) -> list[SecurityEvent]:
        """The newest first."""
        newest = select(SecurityEventRow).order_by(SecurityEventRow.id.desc()).limit(limit)
        if kinds:
            newest = newest.where(SecurityEventRow.kind.in_(kinds))
        if before is not None:
            newest = newest.where(SecurityEventRow.id < before)
        return [msgspec.convert(row, SecurityEvent, from_attributes=True) for row in self._session.scalars(newest)]
