"""People: the table `people`."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.people_tables import PersonRow
from core.domain.person import Person, Role
from core.domain.result import Err, Result
from core.ids import new_id
from core.repositories.writing import guarded, present

_REFUSALS = {
    "ix_people_name": Err("conflict", "A person of this name exists already.", "name"),
    "ck_people_name_length": Err("invalid", "A name has 1 to 60 characters.", "name"),
    "ck_people_role_known": Err("invalid", "A role is viewer, builder or operator.", "role"),
}
_GONE = Err("not_found", "There is no such person.", "name")


class PersonRepository:
    """Reads and writes rows of `people`. A password is only seen as its hash."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> list[Person]:
        rows = self._session.scalars(select(PersonRow).order_by(func.lower(PersonRow.name)))
        return [_person(row) for row in rows]

    def get(self, person_id: UUID) -> Person | None:
        row = self._session.get(PersonRow, person_id, populate_existing=True)
        return None if row is None else _person(row)

    def by_name(self, name: str) -> tuple[Person, str] | None:
        """With the hash of the password; capitals do not count."""
        row = self._session.scalar(select(PersonRow).where(func.lower(PersonRow.name) == func.lower(name)))
        return None if row is None else (_person(row), row.password_hash)

    def operators(self) -> int:
        """How many operators may sign in. They stay as they are until the unit of work ends."""
        enabled = select(PersonRow.id).where(PersonRow.role == "operator", PersonRow.disabled.is_(False))
        return len(self._session.scalars(enabled.with_for_update()).all())

    def any_operator(self) -> bool:
        found = select(PersonRow.id).where(PersonRow.role == "operator", PersonRow.disabled.is_(False)).limit(1)
        return self._session.scalar(found) is not None

    def add(self, name: str, role: Role, password_hash: str, who: str) -> Result[Person]:
        row = PersonRow(id=new_id(), name=name, role=role, password_hash=password_hash, created_by=who)

        def insert() -> Person:
            self._session.add(row)
            self._session.flush()
            return _person(row)

        return guarded(self._session, insert, _REFUSALS, name, role, who)

    def update(self, person_id: UUID, **changes: Any) -> Result[Person]:
        statement = (
            update(PersonRow)
            .where(PersonRow.id == person_id)
            .values(**changes)
            .returning(PersonRow)
            .execution_options(populate_existing=True)
        )

        def act() -> Person | None:
            row = self._session.scalar(statement)
            return None if row is None else _person(row)

        return present(guarded(self._session, act, _REFUSALS, changes), _GONE)


def _person(row: PersonRow) -> Person:
    values = {field: getattr(row, field) for field in ("id", "name", "role", "disabled", "created_by", "created_at")}
    return msgspec.convert(values | {"has_password": bool(row.password_hash)}, Person)
