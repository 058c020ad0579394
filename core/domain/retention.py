"""How long things are kept, and what stands for a run that was removed."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

SHORTEST_DAYS = 1
LONGEST_DAYS = 36_500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Retention(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """In whole days since a run ended, a file of the log was closed. None: for ever."""

    runs_days: int | None = None
    log_days: int | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a run that was removed as a whole. Marks are chained by hash, as entries are."""

    number: int
    """From 1, without gaps."""
    run_id: UUID
    entries: int
    head: bytes
    """Hash of its journal's last entry: a copy of the run that is kept elsewhere can be checked against it."""
    created_at: datetime
    ended_at: datetime
    removed_at: datetime
    reason: str
    hash: bytes = b""

    @property
    def words(self) -> str:
        return (
            f"It was removed on {self.removed_at:%Y-%m-%d} ({self.reason}). It had {self.entries:,} entries, from "
            f"{self.created_at:%Y-%m-%d}; the hash of the last one was {self.head.hex()}."
        )


def sealed(mark: Mark, previous: bytes) -> Mark:
    """The mark with its hash. `previous` is the hash of the mark before it, empty for the first."""
    return msgspec.structs.replace(mark, hash=mark_hash(mark, previous))


def mark_hash(mark: Mark, previous: bytes) -> bytes:
    """SHA-256 over the predecessor's hash and everything that the mark says."""
    instants = [(at - _EPOCH) // _MICROSECOND for at in (mark.created_at, mark.ended_at, mark.removed_at)]
    numbers = b"|".join(b"%d" % number for number in (mark.number, mark.entries, *instants))
    return hashlib.sha256(b"|".join((previous, mark.run_id.bytes, mark.head, numbers, mark.reason.encode()))).digest()
