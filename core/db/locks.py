"""File locks that the kernel drops when their last holder dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold `path` alone, waiting for it if need be; yields the descriptor that carries the lock."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)  # never LOCK_UN: a child that inherited the descriptor goes on holding it


@contextmanager
def locked_if_free(path: Path) -> Iterator[int | None]:
    """As `locked`, but without waiting: yields None while anyone else holds the lock, shared or alone."""
    descriptor = _open(path)
    try:
        yield descriptor if _taken(descriptor) else None
    finally:
        os.close(descriptor)


def share(path: Path) -> int:
    """Hold `path` together with others until the returned descriptor is closed."""
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
