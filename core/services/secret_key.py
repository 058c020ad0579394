"""The key of the secrets: a file outside the database, readable by its owner alone."""

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

FILE_NAME = "secrets.key"


def load_or_make(home: Path) -> bytes:
    """The workspace's key. Of several processes that begin at once all get the same."""
    path = home / FILE_NAME
    if not path.exists():
        _make(path)
    return path.read_bytes().strip()


def _make(path: Path) -> None:
    """Whole or not at all: written aside, then linked, which fails where another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{FILE_NAME}-") as aside:  # created with mode 0600
        aside.write(Fernet.generate_key() + b"\n")
        aside.flush()
        os.fsync(aside.fileno())
        try:
            path.hardlink_to(aside.name)
        except FileExistsError:
            return
