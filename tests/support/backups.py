"""What tests of backups need: fingerprints of tables, and backups that were damaged in some way."""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Engine, text

from core.db.engine import create_engine
from core.domain.backup import Manifest, TableDump
from core.repositories.workspace import NOT_KEPT, WorkspaceRepository, kept_tables
from core.services.backup_file import seal, writing

_ROWS = "SELECT md5(coalesce(string_agg(CAST(t AS text), E'\\n' ORDER BY CAST(t AS text)), '')), count(*) FROM {} t"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'alembic_version'"


def fingerprints(url: str, *, without: tuple[str, ...] = ()) -> dict[str, tuple[str, int]]:
    """A hash over all rows of each table that a backup keeps, asked of the database itself."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = set(connection.scalars(text(_TABLES))) - NOT_KEPT - set(without)
        found = {name: tuple(connection.execute(text(_ROWS.format(name))).one()) for name in sorted(names)}
    engine.dispose()
    return found


def backup_of_any_schema(engine: Engine, path: Path) -> None:
    """As an older version of the program would have made it: every table that is there."""
    with engine.connect() as connection, writing(path) as writer:
        workspace = WorkspaceRepository(connection)
        workspace.prepare()
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        there = set(connection.scalars(text(_TABLES)))
        tables = []
        for name in (name for name in kept_tables() if name in there):
            columns = tuple(sorted(workspace.columns(name)))
            with writer.table(name) as rows:
                count = workspace.copy_out(name, columns, rows)
            tables.append(TableDump(name=name, columns=columns, rows=count))
        writer.finish(Manifest(revision=revision, code="old", made_at=datetime.now(UTC), tables=tuple(tables)))


def changed(path: Path, to: Path, *, manifest: Callable[[dict], None] = lambda _: None, rows: bytes = b"") -> Path:
    """The backup with another manifest, or with `rows` behind the first table that has any."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        new.comment = old.comment
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                told = msgspec.json.decode(data)
                manifest(told)
                data = msgspec.json.encode(told)
            elif data and rows:
                data, rows = data + rows, b""
            new.writestr(name, data)
    with to.open("r+b") as file:
        seal(file)
    return to
