"""The journal's hash chain: each entry's hash covers the entry and, through its predecessor, all before it."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.domain.event import Event, Fact, decode, encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def seal(run_id: UUID, seq: int, epoch: int, at: datetime, fact: Fact, previous: bytes) -> Event:
    """The event with its hash. `previous` is the hash of entry `seq - 1`, empty for the first.

    The fact is kept as a reader will decode it: a whole number in a field for fractions would come back
    with a point, and the hash with it.
    """
    fact = decode(encode(fact))
    digest = entry_hash(run_id, seq, epoch, at, encode(fact), previous)
    return Event(run_id=run_id, seq=seq, epoch=epoch, at=at, fact=fact, hash=digest)


def entry_hash(run_id: UUID, seq: int, epoch: int, at: datetime, body: bytes, previous: bytes) -> bytes:
    """SHA-256 over the predecessor's hash, the place, the instant in microseconds and the exact body text."""
    micros = (at - _EPOCH) // _MICROSECOND
    place = b"%b|%b|%d|%d|%d|" % (previous, run_id.bytes, seq, epoch, micros)
    return hashlib.sha256(place + body).digest()
