"""Files by the hash of their content: the table `attachments`. A row never changes and may be asked for for ever."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from core.db.attachment_tables import AttachmentRow


class StoredFile(NamedTuple):
    sha256: str
    media_type: str
    content: bytes


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
