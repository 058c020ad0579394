"""Secrets as ciphertext: the table `secrets`."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tool_tables import SecretRow
from core.domain.listing import SecretName
from core.domain.result import Err, Result
from core.repositories.writing import guarded, present

_LOCK: Final = 0x4B657973  # "Keys": of the advisory locks this one is the key of the secrets
_REFUSALS = {
    "ck_secrets_name_legal": Err(
        "invalid", "The name of a secret has 1 to 100 letters, digits, dots, hyphens and underscores.", "name"
    ),
}


class SecretRepository:
    """Reads and writes rows of `secrets`; it never sees a value in the clear."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ciphertext(self, name: str) -> bytes | None:
        return self._session.scalar(select(SecretRow.ciphertext).where(SecretRow.name == name))

    def names(self) -> list[SecretName]:
        rows = self._session.execute(select(SecretRow.name, SecretRow.updated_at).order_by(SecretRow.name))
        return [SecretName(name, updated_at) for name, updated_at in rows]

    def put(self, name: str, ciphertext: bytes, who: str) -> Result[str]:
        """Add it, or replace what stands under that name."""
        row = insert(SecretRow).values(name=name, ciphertext=ciphertext, updated_by=who)
        changes = {"ciphertext": ciphertext, "updated_by": who, "updated_at": func.now()}
        statement = row.on_conflict_do_update(index_elements=[SecretRow.name], set_=changes).returning(SecretRow.name)
        return guarded(self._session, lambda: self._session.scalars(statement).one(), _REFUSALS, name, who)

    def again(self, name: str, ciphertext: bytes) -> None:
        """The same value, encrypted with another key: who set it, and when, stays."""
        self._session.execute(update(SecretRow).where(SecretRow.name == name).values(ciphertext=ciphertext))

    def while_the_key_stays(self) -> None:
        """Until the unit of work ends nobody changes the key."""
        self._session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})

    def while_the_key_changes(self) -> None:
        """Until the unit of work ends nobody else writes a secret or changes the key."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def recode(self, change: Callable[[bytes], bytes]) -> list[str]:
        """Give every secret another ciphertext of the same value; their names."""
        rows = self._session.scalars(select(SecretRow).order_by(SecretRow.name)).all()
        for row in rows:
            row.ciphertext = change(row.ciphertext)
        self._session.flush()
        return [row.name for row in rows]

    def delete(self, name: str) -> Result[str]:
        """The name of what is gone."""
        statement = delete(SecretRow).where(SecretRow.name == name).returning(SecretRow.name)
        gone = guarded(self._session, lambda: self._session.scalar(statement), _REFUSALS, name)
        return present(gone, Err("not_found", f"There is no secret named {name}.", "name"))
