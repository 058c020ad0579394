"""Where people are signed in: the table `sign_ins`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core.db.people_tables import SignInRow
from core.ids import new_id


class SignInRepository:
    """Reads and writes rows of `sign_ins`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, token_hash: bytes, person_id: UUID | None, name: str, mark: str, address: str, expires_at: datetime
    ) -> UUID:
        row = SignInRow(
            token_hash=token_hash,
            id=new_id(),
            person_id=person_id,
            name=name,
            mark=mark,
            address=address,
            expires_at=expires_at,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def find(self, *, token_hash: bytes | None = None, id: UUID | None = None) -> SignInRow | None:  # noqa: A002
        """By the hash of its cookie or by its id, while it is good."""
        which = SignInRow.token_hash == token_hash if token_hash is not None else SignInRow.id == id
        return self._session.scalar(select(SignInRow).where(which, SignInRow.expires_at > func.now()))

    def newest(self) -> dict[UUID | None, datetime]:
        """Each person's newest one."""
        newest = select(SignInRow.person_id, func.max(SignInRow.created_at)).where(SignInRow.person_id.is_not(None))
        rows = self._session.execute(newest.group_by(SignInRow.person_id))
        return {person_id: at for person_id, at in rows}  # noqa: C416 (a dict of rows has no such type)

    def end(self, sign_in_id: UUID) -> int:
        return self._end(SignInRow.id == sign_in_id)

    def end_all(self, person_id: UUID | None, name: str) -> int:
        """Everywhere; without a person those of the one password under this name. How many there were."""
        if person_id is not None:
            return self._end(SignInRow.person_id == person_id)
        return self._end(SignInRow.person_id.is_(None), SignInRow.name == name)

    def forget_expired(self) -> None:
        self._end(SignInRow.expires_at <= func.now())

    def _end(self, *which: ColumnElement[bool]) -> int:
        ended: Any = self._session.execute(delete(SignInRow).where(*which))
        return int(ended.rowcount)
