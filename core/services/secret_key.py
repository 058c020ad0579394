"""The key of the secrets: a file outside the database, readable by its owner alone.

While the key is changed there are two lines in it, the new key first: whatever is encrypted with either can be read.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

FILE_NAME = "secrets.key"


def load_or_make(home: Path) -> bytes:
    """The workspace's key, or keys. Of several processes that begin at once all get the same."""
    path = home / FILE_NAME
    if not path.exists():
        _make(path)
    return path.read_bytes().strip()


def cipher(keys: bytes) -> MultiFernet:
    """Encrypts with the first, reads what any of them encrypted. Raises `ValueError` where they are no keys."""
    return MultiFernet([Fernet(key) for key in keys.split()])


def with_another(keys: bytes) -> bytes:
    """A fresh key before the others."""
    return Fernet.generate_key() + b"\n" + keys


def newest(keys: bytes) -> bytes:
    return keys.split()[0]


def replace(home: Path, keys: bytes) -> None:
    """Put other keys into the file: whole or not at all, and still there after a loss of power."""
    path = home / FILE_NAME
    with _aside(path, keys) as aside:
        aside.replace(path)
    folder = os.open(home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _make(path: Path) -> None:
    """Whole or not at all: written aside, then linked, which fails where another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _aside(path, Fernet.generate_key()) as aside, suppress(FileExistsError):
        path.hardlink_to(aside)


@contextmanager
def _aside(path: Path, keys: bytes) -> Iterator[Path]:
    """A file beside the right one, with mode 0600, gone afterwards unless it was moved."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE_NAME}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(keys + b"\n")
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
