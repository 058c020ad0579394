"""Backups that are made on a screen: in the background, into a folder of the home, to be downloaded from there."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from core.domain.backup import MadeBackup
from core.domain.result import Err, Ok, Result
from core.errors import AryabhattaError
from core.services.backups import BackupService
from core.services.bench import Bench, Progress

_FOLDER = "backups"
_NAME = re.compile(r"aryabhatta-[0-9]{8}-[0-9]{6}\.zip")
_log = logging.getLogger(__name__)


class BackupFile(msgspec.Struct, frozen=True):
    name: str
    size_bytes: int
    made_at: datetime


class NoBackupError(AryabhattaError):
    """The backup was not made; the message says why."""


class BackupDesk:
    """One backup at a time. Thread-safe."""

    def __init__(self, home: Path, backups: BackupService) -> None:
        self.folder = home / _FOLDER
        self._backups = backups
        self._bench: Bench[MadeBackup] = Bench("backup")

    def begin(self, who: str = "", passphrase: str | None = None) -> Result[None]:
        path = self.folder / f"aryabhatta-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
        return self._bench.begin(lambda _expect: self._made(path, who, passphrase))

    def progress(self) -> Progress[MadeBackup]:
        return self._bench.progress

    def files(self) -> list[BackupFile]:
        """Newest first."""
        found = [path for path in self.folder.glob("*.zip") if _NAME.fullmatch(path.name)]
        return [_file(path) for path in sorted(found, key=lambda path: path.name, reverse=True)]

    def path(self, name: str) -> Path | None:
        """Where a backup of this name lies; None: there is none."""
        path = self.folder / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    def delete(self, name: str, who: str = "") -> Result[None]:
        path = self.path(name)
        if path is None:
            return Err("not_found", "There is no such backup any more.")
        path.unlink(missing_ok=True)
        _log.info("backup %s deleted by %r", name, who)
        return Ok(None)

    def close(self) -> None:
        self._bench.close()

    def _made(self, path: Path, who: str, passphrase: str | None) -> Iterator[MadeBackup]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise NoBackupError(f"{self.folder} cannot be made: {error.strerror}.") from error
        made = self._backups.make(path, who, passphrase)
        if isinstance(made, Err):
            raise NoBackupError(made.message)
        yield made.value


def _file(path: Path) -> BackupFile:
    status = path.stat()
    return BackupFile(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
