"""Runs that are tool calls of other runs."""

import hashlib
from datetime import datetime
from uuid import UUID

_VERSION, _VARIANT = 7 << 76, 2 << 62
_FREE = (1 << 80) - 1 & ~(0xF << 76) & ~(3 << 62)
"""The bits of a UUIDv7 that are neither time nor version nor variant (RFC 9562, 5.7)."""


def called_run_id(run_id: UUID, effect: str, began_at: datetime) -> UUID:
    """The run of a call: a UUIDv7 that is the same on whatever machine and attempt it is asked for.

    `began_at`: when the call's first attempt was started.
    """
    digest = hashlib.sha256(f"{run_id}/{effect}".encode()).digest()
    time = int(began_at.timestamp() * 1000) << 80
    return UUID(int=time | _VERSION | _VARIANT | int.from_bytes(digest[:10], "big") & _FREE)
