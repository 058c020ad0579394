"""New identifiers. UUIDv7: they sort by time, so pages by key need no second column."""

from datetime import datetime
from uuid import UUID

import uuid6


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return UUID(int=uuid6.uuid7().int)


def first_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of a millisecond: a range of ids is a range of time, and has an index."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
