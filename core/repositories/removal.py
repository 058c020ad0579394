"""Removing runs as a whole, each with the mark that stands for it: `runs` and what hangs on them, in one transaction.

Like the journal's, a repository of several tables: the mark, the entries and the row go together or not at all.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection, text

from core.domain.retention import Mark, sealed

_LOCK = 0x41727972
"""Advisory lock of whoever writes marks: their numbers have no gaps."""
# A run that an evaluation or a comparison was made of is kept as long as that; one of a conversation goes with the whole
# conversation; one that another one called goes with its caller.
_TOO_OLD = """
SELECT r.id FROM runs r
 WHERE r.ended_at < :before AND r.id < :first_id AND r.status IN ('done', 'failed', 'cancelled')
   AND r.caller_run_id IS NULL AND r.kind NOT IN ('compare', 'evaluation')
   AND NOT EXISTS (SELECT FROM runs o WHERE o.conversation_id = r.conversation_id
                      AND (o.ended_at IS NULL OR o.ended_at >= :before))
   AND NOT EXISTS (SELECT FROM evaluation_cells c WHERE c.run_id = r.id)
   AND NOT EXISTS (SELECT FROM comparisons c WHERE c.origin_run_id = r.id)
   AND NOT EXISTS (
       WITH RECURSIVE below AS (
           SELECT id, ended_at FROM runs WHERE caller_run_id = r.id
           UNION ALL SELECT o.id, o.ended_at FROM runs o JOIN below ON o.caller_run_id = below.id)
       SELECT FROM below WHERE ended_at IS NULL)
"""
_PICK = f"{_TOO_OLD} ORDER BY r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED"
_COUNT = f"""
WITH old AS MATERIALIZED ({_TOO_OLD})
SELECT count(*), coalesce(sum(r.next_seq), 0), min(r.created_at), (
           SELECT count(*) FROM runs WHERE ended_at < :before AND id < :first_id AND caller_run_id IS NULL) - count(*)
  FROM old JOIN runs r ON r.id = old.id
"""  # noqa: S608 (made of constants)
_WHOLE = """
WITH RECURSIVE whole AS (
    SELECT id FROM runs WHERE id = ANY(:ids)
    UNION SELECT runs.id FROM runs JOIN whole ON runs.caller_run_id = whole.id
)
SELECT r.id, r.next_seq, r.head, r.created_at, r.ended_at, r.conversation_id
  FROM runs r JOIN whole USING (id) ORDER BY r.id
"""
_LAST = "SELECT number, hash FROM removed_runs ORDER BY number DESC LIMIT 1"
_WRITE = """
INSERT INTO removed_runs (number, run_id, entries, head, created_at, ended_at, removed_at, reason, hash)
VALUES (:number, :run_id, :entries, :head, :created_at, :ended_at, :removed_at, :reason, :hash)
"""
_GONE = (
    "DELETE FROM api_calls WHERE run_id = ANY(:ids)",
    "DELETE FROM run_events WHERE run_id = ANY(:ids)",
    "DELETE FROM runs WHERE id = ANY(:ids)",
)
_EMPTIED = """
DELETE FROM conversations c WHERE c.id = ANY(:ids) AND NOT EXISTS (SELECT FROM runs WHERE conversation_id = c.id)
"""
_MARKS = """
SELECT number, run_id, entries, head, created_at, ended_at, removed_at, reason, hash FROM removed_runs
 WHERE number > :after ORDER BY number LIMIT :limit
"""
_MARK = """
SELECT number, run_id, entries, head, created_at, ended_at, removed_at, reason, hash FROM removed_runs
 WHERE run_id = :run_id
"""
_HALF = "SELECT run_id FROM removed_runs JOIN runs ON runs.id = run_id LIMIT 1"


class Old(NamedTuple):
    """Runs that are old enough to be removed."""

    runs: int
    entries: int
    since: datetime | None
    """When the first of them began."""
    kept: int
    """Others of that age that stay: evaluations, comparisons or younger parts of a conversation need them."""


class RemovalRepository:
    """Over one connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, before: datetime, first_id: UUID) -> Old:
        return Old(*self._connection.execute(text(_COUNT), {"before": before, "first_id": first_id}).one())

    def remove(self, before: datetime, first_id: UUID, now: datetime, reason: str, limit: int) -> int:
        """Remove some of the oldest with what they called; how many runs went."""
        self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        picked = {"before": before, "first_id": first_id, "limit": limit}
        ids = list(self._connection.scalars(text(_PICK), picked))
        rows = self._connection.execute(text(_WHOLE), {"ids": ids}).all() if ids else []
        if not rows:
            return 0
        marks = self._marked([_mark(row, now, reason) for row in rows])
        self._connection.execute(text(_WRITE), [msgspec.structs.asdict(mark) for mark in marks])
        for statement in _GONE:
            self._connection.execute(text(statement), {"ids": [mark.run_id for mark in marks]})
        self._connection.execute(text(_EMPTIED), {"ids": [row[5] for row in rows if row[5] is not None]})
        return len(marks)

    def marks(self, after: int = 0, limit: int = 1_000) -> list[Mark]:
        """In their order."""
        rows = self._connection.execute(text(_MARKS), {"after": after, "limit": limit})
        return [_stored(row) for row in rows]

    def mark(self, run_id: UUID) -> Mark | None:
        """What stands for a run that was removed; None: it was not."""
        row = self._connection.execute(text(_MARK), {"run_id": run_id}).one_or_none()
        return _stored(row) if row else None

    def half_removed(self) -> UUID | None:
        """A run that has both its mark and its row."""
        found: UUID | None = self._connection.scalar(text(_HALF))
        return found

    def _marked(self, marks: Sequence[Mark]) -> list[Mark]:
        last = self._connection.execute(text(_LAST)).one_or_none()
        number, head = (last[0], bytes(last[1])) if last else (0, b"")
        chain: list[Mark] = []
        for place, mark in enumerate(marks, start=number + 1):
            chain.append(sealed(msgspec.structs.replace(mark, number=place), chain[-1].hash if chain else head))
        return chain


def _mark(row: Sequence[Any], now: datetime, reason: str) -> Mark:
    run_id, entries, head, created_at, ended_at, _ = row
    return Mark(
        number=0,
        run_id=run_id,
        entries=entries,
        head=bytes(head),
        created_at=created_at.astimezone(UTC),
        ended_at=ended_at.astimezone(UTC),
        removed_at=now,
        reason=reason,
    )


def _stored(row: Sequence[Any]) -> Mark:
    number, run_id, entries, head, created_at, ended_at, removed_at, reason, digest = row
    return Mark(
        number=number,
        run_id=run_id,
        entries=entries,
        head=bytes(head),
        created_at=created_at,
        ended_at=ended_at,
        removed_at=removed_at,
        reason=reason,
        hash=bytes(digest),
    )
