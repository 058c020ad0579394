"""Files by the hash of their content: the table `attachments`. A row never changes and may be asked for for ever."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from core.db.attachment_tables import AttachmentRow


class StoredFile(NamedTuple):
    sha256: str
    media_type: str
    content: bytes


_UNUSED = """
WITH named AS MATERIALIZED (
    SELECT DISTINCT found[1] AS sha256 FROM (
        SELECT body::text AS said FROM run_events UNION ALL SELECT turns::text FROM comparisons
        UNION ALL SELECT definition::text FROM tools UNION ALL SELECT spec::text FROM agent_revisions
        UNION ALL SELECT draft::text FROM agents) AS texts,
        regexp_matches(said, '[0-9a-f]{64}', 'g') AS found
)
SELECT sha256 FROM attachments a WHERE created_at < :before AND NOT EXISTS (SELECT FROM named WHERE named.sha256 = a.sha256)
"""
"""Whatever looks like a hash names a file: rather one too many is kept."""


class AttachmentRepository:
    """Over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, files: Iterable[StoredFile], who: str) -> None:
        """Keep each once: one that is there already stays as it is."""
        rows = [{**file._asdict(), "created_by": who} for file in files]
        if rows:
            rows.sort(key=lambda row: row["sha256"])  # two who keep the same files wait for each other in one order
            self._connection.execute(insert(AttachmentRow).on_conflict_do_nothing(), rows)

    def get(self, sha256: str) -> StoredFile | None:
        statement = select(AttachmentRow.sha256, AttachmentRow.media_type, AttachmentRow.content)
        row = self._connection.execute(statement.where(AttachmentRow.sha256 == sha256)).one_or_none()
        return StoredFile(row[0], row[1], bytes(row[2])) if row else None

    def contents(self, hashes: Collection[str]) -> dict[str, bytes]:
        """The bytes of those that are there."""
        statement = select(AttachmentRow.sha256, AttachmentRow.content).where(AttachmentRow.sha256.in_(hashes))
        return {sha256: bytes(content) for sha256, content in self._connection.execute(statement)} if hashes else {}

    def missing(self, hashes: Collection[str]) -> set[str]:
        """Which of these are not there."""
        statement = select(AttachmentRow.sha256).where(AttachmentRow.sha256.in_(hashes))
        return set(hashes) - set(self._connection.scalars(statement)) if hashes else set()

    def unused(self, before: datetime) -> list[str]:
        """Files stored before an instant that nothing names any more. Reads every journal once."""
        return list(self._connection.scalars(text(_UNUSED), {"before": before}))

    def delete(self, hashes: Collection[str]) -> None:
        self._connection.execute(delete(AttachmentRow).where(AttachmentRow.sha256.in_(hashes)))
