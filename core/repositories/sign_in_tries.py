"""Passwords that were given and not right: the table `sign_in_tries`."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from core.db.people_tables import SignInTryRow
from core.ids import new_id

_LOCK = 0x5369676E  # "Sign": of the advisory locks this one is the count of tries


class SignInTryRepository:
    """Reads and writes rows of `sign_in_tries`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count_alone(self) -> None:
        """Nobody else counts until this unit of work ends: of many tries at once none slips through."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def recent(self, address: str, name: str, within: timedelta) -> tuple[int, int]:
        """How many there were from this address, and with this name from anywhere."""
        rows = self._session.execute(
            select(SignInTryRow.address, SignInTryRow.name).where(
                SignInTryRow.at > func.now() - within,
                or_(SignInTryRow.address == address, SignInTryRow.name == name),
            )
        ).all()
        return sum(row.address == address for row in rows), sum(row.name == name for row in rows)

    def add(self, address: str, name: str) -> UUID:
        row = SignInTryRow(id=new_id(), address=address, name=name)
        self._session.add(row)
        self._session.flush()
        return row.id

    def forgive(self, address: str, name: str) -> None:
        """After the right password what this address tried with this name counts no longer."""
        mine = (SignInTryRow.address == address, SignInTryRow.name == name)
        self._session.execute(delete(SignInTryRow).where(*mine))

    def forget(self, before: timedelta) -> None:
        self._session.execute(delete(SignInTryRow).where(SignInTryRow.at <= func.now() - before))
