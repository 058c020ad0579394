"""Backups: the whole workspace in one file, consistent, while everything goes on.

Every table is read in one snapshot, over the connection that the app has anyway: so it works on every server that the
app works on, and needs none of Postgres's own programs.
"""

import logging
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Engine, text

from core import __version__
from core.db.migrate import LOCK, check
from core.db.unit import UnitOfWork
from core.domain.backup import MadeBackup, Manifest, TableDump
from core.domain.result import Err, Ok, Result
from core.repositories.preferences import PreferenceRepository
from core.repositories.security_events import SecurityEventRepository
from core.repositories.workspace import WorkspaceRepository, kept_tables
from core.services import backup_key, secret_key
from core.services.backup_file import BackupWriter, writing
from core.settings import Settings

_LAST = "last_backup"
_log = logging.getLogger(__name__)


class BackupService:
    """Reads every table; writes nothing but the file, and when it was made."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings

    def make(self, path: Path, who: str = "", passphrase: str | None = None) -> Result[MadeBackup]:
        """Write a backup, over an older one of that name once it is whole.

        With a `passphrase` the key of the secrets goes along, encrypted with it. Raises `Unavailable`.
        """
        if passphrase is not None and len(passphrase) < backup_key.SHORTEST_PASSPHRASE:
            shortest = backup_key.SHORTEST_PASSPHRASE
            return Err("invalid", f"The passphrase has to have at least {shortest} characters.", "passphrase")
        try:
            with writing(path) as writer:
                manifest = self._written(writer, who, passphrase)
            size_bytes = path.stat().st_size
        except OSError as error:
            return Err("refused", f"{path} cannot be written: {error.strerror or error}.")
        made = MadeBackup(
            file=path.name,
            made_at=manifest.made_at,
            made_by=who,
            size_bytes=size_bytes,
            rows=manifest.rows,
            runs=manifest.rows_of("runs"),
            has_key=manifest.key is not None,
        )
        self._remember(made, who)
        _log.info("backup %s made by %r: %d rows, %d bytes", path, who, made.rows, size_bytes)
        return Ok(made)

    def last(self) -> MadeBackup | None:
        """The newest backup, wherever its file is by now."""
        with UnitOfWork(self._engine) as unit:
            value = PreferenceRepository(unit.session).get(_LAST)
        return msgspec.convert(value, MadeBackup) if value else None

    def _written(self, writer: BackupWriter, who: str, passphrase: str | None) -> Manifest:
        with self._engine.begin() as guard:
            # Nobody migrates meanwhile: the lock is taken before the snapshot, which begins with its first statement.
            guard.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCK})
            with UnitOfWork(self._engine, snapshot=True) as unit:
                workspace = WorkspaceRepository(unit.session.connection())
                workspace.prepare()
                tables = tuple(_dump(workspace, writer, *table) for table in kept_tables().items())
            revision = check(self._engine).before
        manifest = self._manifest(revision, tables, who, passphrase)
        writer.finish(manifest)
        return manifest

    def _manifest(self, revision: str, tables: tuple[TableDump, ...], who: str, passphrase: str | None) -> Manifest:
        home = self._settings.home
        key = None if passphrase is None else backup_key.wrap(secret_key.load_or_make(home), passphrase)
        return Manifest(
            revision=revision,
            code=__version__,
            made_at=datetime.now(UTC),
            made_by=who,
            tables=tables,
            key=key,
        )

    def _remember(self, made: MadeBackup, who: str) -> None:
        with UnitOfWork(self._engine) as unit:
            PreferenceRepository(unit.session).put(_LAST, msgspec.to_builtins(made), who)
            SecurityEventRepository(unit.session).add("backup_made", who, made.file)
            unit.commit()


def _dump(workspace: WorkspaceRepository, writer: BackupWriter, name: str, columns: tuple[str, ...]) -> TableDump:
    with writer.table(name) as rows:
        count = workspace.copy_out(name, columns, rows)
    return TableDump(name=name, columns=columns, rows=count)
