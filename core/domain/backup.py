"""What a backup says of itself: its manifest, beside the rows of every table."""

from datetime import datetime

import msgspec

FORMAT = "aryabhatta-backup-1"
FAMILY = FORMAT.rstrip("0123456789")
"""What the formats of all versions begin with."""


class TableDump(msgspec.Struct, frozen=True, kw_only=True):
    """One table; its rows stand in a file of their own, as Postgres's COPY writes them."""

    name: str
    columns: tuple[str, ...]
    rows: int


class WrappedKey(msgspec.Struct, frozen=True):
    """The key of the secrets, encrypted with a key made of a passphrase."""

    salt: bytes
    token: bytes


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a backup but the rows. Tables stand in an order in which they can be filled again."""

    format: str = FORMAT
    revision: str
    """Of the database's schema."""
    code: str
    """Version of the program that made it."""
    made_at: datetime
    made_by: str = ""
    tables: tuple[TableDump, ...]
    key: WrappedKey | None = None

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def rows_of(self, name: str) -> int:
        """How many rows a table has; 0 where the backup does not know the table."""
        return next((table.rows for table in self.tables if table.name == name), 0)


class MadeBackup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that lies on a disk, as it is remembered."""

    file: str
    """The file's name, without the folder."""
    made_at: datetime
    made_by: str = ""
    size_bytes: int
    rows: int
    runs: int
    has_key: bool = False


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did beside filling the tables."""

    manifest: Manifest
    revision: str
    """The schema that the workspace has now."""
    held_runs: int
    """Runs that were under way when the backup was made, and wait now for somebody to resume them."""
    waiting_runs: int
    """Runs that wait for a person, as they did."""
    paused_evaluations: int
    secrets: int
    secrets_readable: bool
    """Whether the key that lies in this home opens them."""
