"""New identifiers. UUIDv7: they sort by time, so pages by key need no second column."""

from uuid import UUID

import uuid6


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return UUID(int=uuid6.uuid7().int)
