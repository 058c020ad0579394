"""The people of a server. There is always an operator among them; nobody is deleted, only shut out."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.person import Person, Role, SecurityEvent, SecurityKind
from core.domain.result import Err, Ok, Result
from core.repositories.people import PersonRepository
from core.repositories.security_events import SecurityEventRepository
from core.repositories.sign_ins import SignInRepository
from core.services import passwords
from core.services.keeping import keep
from core.services.sign_in import SignInService

People = list[Person]
Events = list[SecurityEvent]
_LAST = Err("refused", "This is the only operator who can sign in. Make somebody else an operator first.")
_FIRST = Err("refused", "The first person has to be an operator, or nobody could add the others.", "role")
_NOBODY = Err("not_found", "There is no such person.", "name")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the list of security events says of a change."""

    kind: SecurityKind
    who: str


class PeopleService:
    """A change holds at once in this process and within two seconds in all others."""

    def __init__(self, engine: Engine, sign_ins: SignInService) -> None:
        self._engine, self._sign_ins = engine, sign_ins

    def list(self) -> People:
        """By name, with when each signed in last."""
        with UnitOfWork(self._engine) as unit:
            newest = SignInRepository(unit.session).newest()
            people = PersonRepository(unit.session).list()
        return [msgspec.structs.replace(one, signed_in_at=newest.get(one.id)) for one in people]

    def by_name(self, name: str) -> Person | None:
        with UnitOfWork(self._engine) as unit:
            found = PersonRepository(unit.session).by_name(name.strip())
        return found[0] if found else None

    def add(self, name: str, role: Role, password: str, who: str) -> Result[Person]:
        name = " ".join(name.split())
        if refused := passwords.problem(password, name):
            return refused
        password_hash = passwords.hashed(password)
        with UnitOfWork(self._engine) as unit:
            people = PersonRepository(unit.session)
            if role != "operator" and not people.any_operator():
                return _FIRST
            added = people.add(name, role, password_hash, who)
            if isinstance(added, Ok):
                SecurityEventRepository(unit.session).add("person_added", who, name, role)
            return self._kept(unit, added)

    def set_role(self, person_id: UUID, role: Role, who: str) -> Result[Person]:
        return self._change(person_id, _Said("role_changed", who), role=role)

    def disable(self, person_id: UUID, who: str, *, disabled: bool = True) -> Result[Person]:
        """Shut somebody out, wherever they are signed in, or let them in again."""
        said = _Said("person_disabled" if disabled else "person_enabled", who)
        return self._change(person_id, said, disabled=disabled)

    def set_password(self, person_id: UUID, password: str, who: str) -> Result[Person]:
        """Ends every sign-in of theirs."""
        with UnitOfWork(self._engine) as unit:
            person = PersonRepository(unit.session).get(person_id)
        if refused := passwords.problem(password, person.name if person else ""):
            return refused
        return self._change(person_id, _Said("password_set", who), password_hash=passwords.hashed(password))

    def events(self, before: UUID | None = None, limit: int = 50) -> Events:
        """What happened that matters for security, the newest first."""
        with UnitOfWork(self._engine) as unit:
            return SecurityEventRepository(unit.session).list(before=before, limit=limit)

    def _change(self, person_id: UUID, said: _Said, **changes: object) -> Result[Person]:
        with UnitOfWork(self._engine) as unit:
            people = PersonRepository(unit.session)
            operators = people.operators()
            before = people.get(person_id)
            if before is None:
                return _NOBODY
            changed = people.update(person_id, **changes)
            if isinstance(changed, Err):
                return changed
            if operators == 1 and before.may("operator") and not changed.value.may("operator"):
                return _LAST
            self._note(unit, said, before, changed.value)
            return self._kept(unit, changed)

    def _note(self, unit: UnitOfWork, said: _Said, before: Person, after: Person) -> None:
        if after.disabled or said.kind == "password_set":
            SignInRepository(unit.session).end_all(after.id, after.name)
        detail = f"{before.role} → {after.role}" if said.kind == "role_changed" else ""
        SecurityEventRepository(unit.session).add(said.kind, said.who, after.name, detail)

    def _kept(self, unit: UnitOfWork, result: Result[Person]) -> Result[Person]:
        kept = keep(unit, result)
        self._sign_ins.forget()
        return kept
