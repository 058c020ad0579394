"""Secrets: encrypted at rest, used by name, never shown."""

from cryptography.fernet import InvalidToken, MultiFernet
from sqlalchemy import Engine

from core import logs
from core.db.unit import UnitOfWork
from core.domain.listing import SecretName
from core.domain.result import Err, Ok, Result
from core.domain.secrecy import spellings
from core.errors import ConfigurationError, Fault, FaultError
from core.repositories.secrets import SecretRepository
from core.repositories.security_events import SecurityEventRepository
from core.services import secret_key
from core.services.keeping import keep
from core.settings import Settings

HUGGING_FACE_TOKEN = "HUGGING_FACE_AUTH_TOKEN"
_VALUE_CHARS = 20_000
_SHORTEST_CHARS = 8


class SecretService:
    """What the environment gives wins over what was typed on a screen."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        self._changes = 0

    def stamp(self) -> int:
        """Another one after each change in this process: what was derived from a value before is no longer good."""
        return self._changes

    def set(self, name: str, value: str, who: str) -> Result[None]:
        """Keep a value under a name, in place of what stood there."""
        if not value:
            return Err("invalid", "The value of a secret cannot be empty.", "value")
        if len(value) > _VALUE_CHARS:
            return Err("invalid", f"The value of a secret has at most {_VALUE_CHARS:,} characters.", "value")
        with UnitOfWork(self._engine) as unit:
            secrets = SecretRepository(unit.session)
            secrets.while_the_key_stays()
            ciphertext = self._cipher().encrypt(unlogged(value).encode("utf-8", "surrogatepass"))
            put = secrets.put(name, ciphertext, who)
            if isinstance(put, Ok):
                SecurityEventRepository(unit.session).add("secret_set", who, name)
            keep(unit, put)
        self._changes += 1
        return put if isinstance(put, Err) else Ok(None)

    def names(self) -> list[SecretName]:
        with UnitOfWork(self._engine) as unit:
            return SecretRepository(unit.session).names()

    def delete(self, name: str, who: str = "") -> Result[None]:
        """What used it will say that its secret is missing."""
        with UnitOfWork(self._engine) as unit:
            gone = SecretRepository(unit.session).delete(name)
            if isinstance(gone, Ok):
                SecurityEventRepository(unit.session).add("secret_deleted", who, name)
            keep(unit, gone)
        self._changes += 1
        return gone if isinstance(gone, Err) else Ok(None)

    def value(self, name: str) -> str | None:
        """For a client that is about to send it. Raises `FaultError` when it was encrypted with another key."""
        if name == HUGGING_FACE_TOKEN and self._settings.hugging_face_token:
            return unlogged(self._settings.hugging_face_token)
        ciphertext = self._ciphertext(name)
        if ciphertext is not None and not _opens(self._cipher(), ciphertext):
            ciphertext = self._ciphertext(name)  # the key may have been changed between the two looks
        return None if ciphertext is None else unlogged(self._decrypted(name, ciphertext))

    def rotate(self, who: str) -> Result[int]:
        """Encrypt everything with a fresh key and forget the old one; how many secrets there are.

        Killed in between, both keys are in the file and everything stays readable; the next call goes on from there.
        """
        if lost := self.unreadable():
            return Err("refused", f"Encrypted with another key: {', '.join(lost)}. Set or delete them first.")
        home = self._settings.home
        with UnitOfWork(self._engine) as unit:
            secrets = SecretRepository(unit.session)
            secrets.while_the_key_changes()
            keys = secret_key.load_or_make(home)
            if keys == secret_key.newest(keys):
                keys = secret_key.with_another(keys)
                secret_key.replace(home, keys)
            names = secrets.recode(secret_key.cipher(keys).rotate)
            SecurityEventRepository(unit.session).add("key_rotated", who)
            unit.commit()
        secret_key.replace(home, secret_key.newest(keys))
        self._changes += 1
        return Ok(len(names))

    def has(self, name: str) -> bool:
        """Whether `value` would give one, without decrypting it."""
        if name == HUGGING_FACE_TOKEN and self._settings.hugging_face_token:
            return True
        return any(secret.name == name for secret in self.names())

    def unreadable(self) -> list[str]:
        """Those that were encrypted with another key than this home has."""
        with UnitOfWork(self._engine) as unit:
            repository = SecretRepository(unit.session)
            kept = {secret.name: repository.ciphertext(secret.name) or b"" for secret in repository.names()}
        cipher = self._cipher() if kept else None
        return [name for name, ciphertext in kept.items() if cipher and not _opens(cipher, ciphertext)]

    def origin_of_token(self) -> str:
        """Where the Hugging Face token comes from."""
        return "from the environment" if self._settings.hugging_face_token else "kept under Secrets"

    def _ciphertext(self, name: str) -> bytes | None:
        with UnitOfWork(self._engine) as unit:
            return SecretRepository(unit.session).ciphertext(name)

    def _decrypted(self, name: str, ciphertext: bytes) -> str:
        try:
            return self._cipher().decrypt(ciphertext).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise FaultError(
                Fault(
                    "auth",
                    f"The secret {name} was encrypted with another key than the one in {self._settings.home}. "
                    f"Set it again, or put the {secret_key.FILE_NAME} back that it was encrypted with.",
                )
            ) from None

    def _cipher(self) -> MultiFernet:
        try:
            return secret_key.cipher(secret_key.load_or_make(self._settings.home))
        except ValueError:
            path = self._settings.home / secret_key.FILE_NAME
            raise ConfigurationError(f"{path} is not a key. Put the right file back, or move it away.") from None


def _opens(cipher: MultiFernet, ciphertext: bytes) -> bool:
    try:
        return bool(cipher.decrypt(ciphertext))
    except InvalidToken:
        return False


def unlogged(value: str, *others: str) -> str:
    """The value, which no line of the log shows from now on. Shorter ones stand in every text by chance."""
    for one in (value, *others):
        if len(one) >= _SHORTEST_CHARS:
            logs.hide(spellings(one))
    return value
