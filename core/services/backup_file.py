"""The file of a backup: a ZIP archive with a manifest and, for each table, its rows as text.

The archive's comment is the SHA-256 of all bytes before it. The file appears under its name when it is whole: what dies
meanwhile leaves a hidden part of one at most.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from core.domain.backup import FAMILY, FORMAT, Manifest
from core.domain.result import Err, Ok, Result
from core.repositories.workspace import Source

_MANIFEST = "manifest.json"
_PIECE_BYTES = 1 << 20
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)
"""What zipfile raises for archives that were cut off, changed, or made in a way that we never use."""
_NO_BACKUP = Err(
    "invalid", "This is not a whole backup of Aryabhatta: the file was cut off, changed, or is something else."
)
_UNSEALED = b"0" * 64


class BackupWriter:
    """Tables one after the other, the manifest last."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def table(self, name: str) -> Iterator[IO[bytes]]:
        with self._archive.open(_member(name), "w", force_zip64=True) as member:
            yield member

    def finish(self, manifest: Manifest) -> None:
        self._archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


@contextmanager
def writing(path: Path) -> Iterator[BackupWriter]:
    """Write a backup, for its owner's eyes only. Raises `OSError`; then the file is as it was before."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                archive.comment = _UNSEALED
                yield BackupWriter(archive)
            seal(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def seal(file: IO[bytes]) -> None:
    """Put the hash of everything before it at the end."""
    digest = _digest(file)
    file.seek(-len(_UNSEALED), os.SEEK_END)
    file.write(digest)


class BackupReader:
    """A backup whose bytes are as they were written."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive, self.manifest = archive, manifest

    @contextmanager
    def table(self, name: str) -> Iterator[Source]:
        with self._archive.open(_member(name)) as member:
            yield member


@contextmanager
def reading(path: Path) -> Iterator[Result[BackupReader]]:
    """Open a backup after checking every byte of it."""
    try:
        file = path.open("rb")
    except OSError as error:
        yield Err("invalid", f"{path} cannot be read: {error.strerror or error}.")
        return
    with file:
        yield _opened(file)


def _opened(file: IO[bytes]) -> Result[BackupReader]:
    try:
        archive = zipfile.ZipFile(file)
        if archive.comment != _digest(file):
            return _NO_BACKUP
        manifest = _manifest(archive)
    except (*_UNREADABLE, msgspec.MsgspecError):
        return _NO_BACKUP
    return manifest if isinstance(manifest, Err) else Ok(BackupReader(archive, manifest.value))


def _digest(file: IO[bytes]) -> bytes:
    """Of all but the end that is kept free for it."""
    left = file.seek(0, os.SEEK_END) - len(_UNSEALED)
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest().encode()


def _manifest(archive: zipfile.ZipFile) -> Result[Manifest]:
    text = archive.read(_MANIFEST)
    told = msgspec.json.decode(text, type=dict[str, object]).get("format")
    if told == FORMAT:
        return Ok(msgspec.json.decode(text, type=Manifest))
    if str(told).startswith(FAMILY):
        return Err("refused", f"The backup has the format {told}, and this copy of Aryabhatta reads {FORMAT}.")
    return _NO_BACKUP


def _member(table: str) -> str:
    return f"tables/{table}.copy"
