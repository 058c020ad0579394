"""The workspace as a whole: every table in one go, for backups. What the rows mean is nobody's business here."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Protocol

import psycopg2
from psycopg2 import sql
from sqlalchemy import Connection, text

from core.db.tables import metadata
from core.errors import AryabhattaError
from core.repositories.away import away

NOT_KEPT = frozenset({"workers", "endpoint_budgets", "sign_ins", "sign_in_tries", "shares"})
"""Who is alive, who is signed in, what was sent in the last minute, which links open something: true of one moment."""
_READABLE = ("client_encoding TO 'UTF8'", "datestyle TO 'ISO'", "bytea_output TO 'hex'", "extra_float_digits TO 1")
"""The text of a value is the same on every server, whatever its own settings."""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'aryabhatta'
"""
_COLUMNS = """
SELECT column_name FROM information_schema.columns
 WHERE table_schema = current_schema() AND table_name = :name AND is_generated = 'NEVER'
"""
_SIZES = """
SELECT relname, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint FROM pg_class
 WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
 ORDER BY 2 DESC, 1 LIMIT :limit
"""


class Sink(Protocol):
    def write(self, data: bytes, /) -> Any: ...


class Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class TableSize(NamedTuple):
    name: str
    size_bytes: int
    about_rows: int


class UnfitRowsError(AryabhattaError):
    """The database refuses the rows of a table; the message says why."""


def kept_tables() -> dict[str, tuple[str, ...]]:
    """The columns of every table that belongs to a backup; each table after those that its rows refer to."""
    return {
        str(table.name): tuple(str(column.name) for column in table.columns if column.computed is None)
        for table in metadata.sorted_tables
        if table.name not in NOT_KEPT
    }


class WorkspaceRepository:
    """Over one connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def prepare(self) -> None:
        """Say how values are written as text, until the end of the transaction."""
        for setting in _READABLE:
            self._connection.execute(text(f"SET LOCAL {setting}"))

    def copy_out(self, table: str, columns: Iterable[str], sink: Sink) -> int:
        """Write the rows of a table as text; how many there were. Raises `Unavailable`."""
        return self._copy("COPY {table} ({columns}) TO STDOUT", table, columns, sink)

    def copy_in(self, table: str, columns: Iterable[str], source: Source) -> int:
        """Fill a table with rows that `copy_out` wrote; how many there were.

        Rules about what may be added to what is there do not judge rows that were there. Raises `UnfitRowsError` or
        `Unavailable`.
        """
        quoted = self._connection.dialect.identifier_preparer.quote(table)
        self._connection.execute(text(f"ALTER TABLE {quoted} DISABLE TRIGGER USER"))
        count = self._copy("COPY {table} ({columns}) FROM STDIN", table, columns, source)
        self._connection.execute(text(f"ALTER TABLE {quoted} ENABLE TRIGGER USER"))
        return count

    def columns(self, table: str) -> set[str]:
        """The columns that a table has now and that can be filled; none where there is no such table."""
        return set(self._connection.scalars(text(_COLUMNS), {"name": table}))

    def others(self) -> int:
        """How many connections this program's other processes have to the database."""
        return self._connection.scalar(text(_OTHERS)) or 0

    def used_tables(self, ignoring: Collection[str]) -> list[str]:
        """Which tables have rows."""
        there = [name for name in kept_tables() if name not in ignoring and self.columns(name)]
        return [name for name in there if self._has_rows(name)]

    def size_bytes(self) -> int:
        """Of the whole database, indexes included."""
        return self._connection.scalar(text("SELECT pg_database_size(current_database())")) or 0

    def largest(self, limit: int = 6) -> list[TableSize]:
        """The largest tables with their indexes; how many rows is Postgres's own estimate."""
        return [TableSize(*row) for row in self._connection.execute(text(_SIZES), {"limit": limit})]

    def own_agents(self, samples: Collection[str]) -> bool:
        """Whether somebody added an agent to the samples, or changed one of them."""
        statement = "SELECT name FROM agents WHERE live_revision IS DISTINCT FROM 1 OR draft IS NOT NULL"
        names = set(self._connection.scalars(text("SELECT name FROM agents")))
        return not names <= set(samples) or self._connection.scalar(text(statement)) is not None

    def _has_rows(self, table: str) -> bool:
        quoted = self._connection.dialect.identifier_preparer.quote(table)
        return bool(self._connection.scalar(text(f"SELECT EXISTS (SELECT FROM {quoted})")))  # noqa: S608 (our table)

    def _copy(self, statement: str, table: str, columns: Iterable[str], stream: Sink | Source) -> int:
        raw: Any = self._connection.connection
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        try:
            with raw.cursor() as cursor:
                cursor.copy_expert(sql.SQL(statement).format(table=sql.Identifier(table), columns=names), stream)
                return int(cursor.rowcount)
        except psycopg2.Error as error:
            if (unavailable := away(error)) is not None:
                raise unavailable from error
            raise UnfitRowsError(f"{table}: {str(error).strip().partition(chr(10))[0]}") from error
