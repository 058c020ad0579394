"""Passwords of people: kept as Argon2id hashes, checked slowly, a few at a time."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.domain.result import Err

SHORTEST, LONGEST = 10, 1_000
_at_once = threading.BoundedSemaphore(2)
"""A check takes 64 MiB: many tries at once must not take the machine's memory."""


def problem(password: str, name: str) -> Err | None:
    """Why this cannot be somebody's password."""
    if len(password) < SHORTEST:
        return Err("invalid", f"A password has at least {SHORTEST} characters.", "password")
    if len(password) > LONGEST:
        return Err("invalid", f"A password has at most {LONGEST:,} characters.", "password")
    if password.casefold().strip() == name.casefold():
        return Err("invalid", "A name is not a password.", "password")
    return None


def hashed(password: str) -> str:
    with _at_once:
        return PasswordHasher().hash(_bytes(password))


def is_right(password: str, password_hash: str) -> bool:
    """Takes as long where there is no hash: whoever asks does not learn which names exist."""
    known = bool(password_hash)
    with _at_once:
        try:
            return PasswordHasher().verify(password_hash or _nobodys(), _bytes(password)) and known
        except (VerificationError, InvalidHashError):
            return False


@lru_cache(maxsize=256)
def is_of(mark: str, password: str) -> bool:
    """As `is_right`, remembered: for a mark that is looked at with every request."""
    return is_right(password, mark)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return PasswordHasher().hash(b"nobody")


def _bytes(password: str) -> bytes:
    return password[: LONGEST + 1].encode("utf-8", "surrogatepass")
