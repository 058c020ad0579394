"""The key of the secrets inside a backup: under a passphrase, never as it is."""

import os
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.domain.backup import WrappedKey

SHORTEST_PASSPHRASE = 8
_SALT_BYTES = 16
_COST = 2**15
"""scrypt's n: about 0.1 s and 32 MB a try (RFC 7914; r and p as recommended there)."""


def wrap(key: bytes, passphrase: str) -> WrappedKey:
    salt = os.urandom(_SALT_BYTES)
    return WrappedKey(salt, _cipher(passphrase, salt).encrypt(key))


def unwrap(wrapped: WrappedKey, passphrase: str) -> bytes | None:
    """The key; None: that is not the passphrase."""
    try:
        return _cipher(passphrase, wrapped.salt).decrypt(wrapped.token)
    except InvalidToken:
        return None


def _cipher(passphrase: str, salt: bytes) -> Fernet:
    derived = Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode("utf-8", "surrogatepass"))
    return Fernet(urlsafe_b64encode(derived))
