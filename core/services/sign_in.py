"""Who is signed in: a random token in the browser, its hash in the database, good in every process."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.people_tables import SignInRow
from core.db.unit import UnitOfWork
from core.domain.person import AT_THIS_MACHINE, Person, SecurityKind
from core.domain.result import Err, Ok, Result
from core.errors import NotAllowed
from core.repositories.people import PersonRepository
from core.repositories.security_events import SecurityEventRepository
from core.repositories.sign_in_tries import SignInTryRepository
from core.repositories.sign_ins import SignInRepository
from core.services import passwords
from core.settings import Settings

GOOD_FOR: Final = timedelta(days=7)
TRIES_WITHIN: Final = timedelta(minutes=5)
TRIES_PER_ADDRESS: Final = 10
TRIES_PER_NAME: Final = 20
NAME_CHARS: Final = 60
_FRESH_S = 2.0
"""So long a process may believe what it read last: after a sign-out elsewhere, a new role, another password."""
_MOST_KNOWN = 1_000
_T = TypeVar("_T")
_SLOW_DOWN = Err("unavailable", "Too many tries. Wait five minutes.")


class SignedIn(msgspec.Struct, frozen=True):
    """A browser, by an id that is no secret, and the person in front of it."""

    id: UUID
    person: Person


class SignInService:
    """With an operator among the people everybody has a password of their own; before, the server's one is for all."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._password = engine, settings.password
        self._known: dict[object, tuple[object, float]] = {}
        self._lock = threading.Lock()

    def needed(self) -> bool:
        """Whether anybody is asked who they are."""
        return bool(self._password) or self._has_people()

    def sign_in(self, name: str, password: str, address: str) -> Result[str]:
        """The token for the browser. Every try counts until it was right, over all processes."""
        name = " ".join(name.replace("\x00", "").encode("utf-8", "replace").decode().split())[:NAME_CHARS].strip()
        if not name:
            return Err("invalid", "Give your name as well.", "name")
        if not self._may_try(address, name.lower()):
            return _SLOW_DOWN
        found = self._checked(name, password)
        return self._refused(name, address) if found is None else Ok(self._welcome(*found, address))

    def who(self, token: str) -> SignedIn | None:
        """Behind a browser's token; None: nobody, or nobody any more."""
        if not token:
            return None
        key = _hash(token)
        return self._remembered(key, lambda unit: SignInRepository(unit.session).find(token_hash=key))

    def person(self, sign_in_id: str) -> Person:
        """Behind the id that the gate gave a screen. Raises `NotAllowed` when that is signed in no longer."""
        if not sign_in_id:
            if self.needed():
                raise NotAllowed("Sign in first.")
            return AT_THIS_MACHINE
        key = UUID(sign_in_id)
        found = self._remembered(key, lambda unit: SignInRepository(unit.session).find(id=key))
        if found is None:
            raise NotAllowed("You are signed out. Sign in again.")
        return found.person

    def sign_out(self, sign_in_id: UUID, person: Person, *, everywhere: bool = False) -> None:
        with UnitOfWork(self._engine) as unit:
            sign_ins = SignInRepository(unit.session)
            ended = sign_ins.end_all(person.id, person.name) if everywhere else sign_ins.end(sign_in_id)
            detail = f"in {ended:,} browsers" if everywhere else ""
            kind: SecurityKind = "signed_out_everywhere" if everywhere else "signed_out"
            SecurityEventRepository(unit.session).add(kind, person.name, person.name, detail)
            unit.commit()
        self.forget()

    def forget(self) -> None:
        """What this process believes may not be so any more."""
        with self._lock:
            self._known.clear()

    def _has_people(self) -> bool:
        def read(unit: UnitOfWork) -> bool:
            return PersonRepository(unit.session).any_operator()

        return self._fresh("people", read)

    def _remembered(self, key: object, find: Callable[[UnitOfWork], SignInRow | None]) -> SignedIn | None:
        def read(unit: UnitOfWork) -> SignedIn | None:
            row = find(unit)
            person = None if row is None else self._person_of(unit, row)
            return None if row is None or person is None else SignedIn(row.id, person)

        return self._fresh(key, read)

    def _person_of(self, unit: UnitOfWork, row: SignInRow) -> Person | None:
        people = PersonRepository(unit.session)
        if row.person_id is not None:
            person = people.get(row.person_id)
            return None if person is None or person.disabled else person
        is_good = bool(self._password) and passwords.is_of(row.mark, self._password) and not people.any_operator()
        return Person(name=row.name, role="operator") if is_good else None

    def _fresh(self, key: object, read: Callable[[UnitOfWork], _T]) -> _T:
        with self._lock:
            value, at = self._known.get(key, (None, -_FRESH_S))
        if time.monotonic() - at < _FRESH_S:
            return value  # type: ignore[return-value]
        with UnitOfWork(self._engine) as unit:
            found = read(unit)
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = (found, time.monotonic())
        return found

    def _may_try(self, address: str, name: str) -> bool:
        with UnitOfWork(self._engine) as unit:
            tries = SignInTryRepository(unit.session)
            tries.count_alone()
            tries.forget(TRIES_WITHIN)
            by_address, by_name = tries.recent(address, name, TRIES_WITHIN)
            if by_address >= TRIES_PER_ADDRESS or by_name >= TRIES_PER_NAME:
                return False
            tries.add(address, name)
            unit.commit()
        return True

    def _checked(self, name: str, password: str) -> tuple[Person, str] | None:
        """The person, and the mark of the server's one password where that was given."""
        with UnitOfWork(self._engine) as unit:
            people = PersonRepository(unit.session)
            found, has_people = people.by_name(name), people.any_operator()
        if not has_people:
            is_it = secrets.compare_digest(_bytes(password), _bytes(self._password)) and bool(self._password)
            return (Person(name=name, role="operator"), passwords.hashed(password)) if is_it else None
        person, password_hash = found or (None, "")
        is_it = passwords.is_right(password, password_hash)
        return (person, "") if person is not None and is_it and not person.disabled else None

    def _refused(self, name: str, address: str) -> Err:
        with UnitOfWork(self._engine) as unit:
            SecurityEventRepository(unit.session).add("sign_in_failed", "", name, address=address)
            unit.commit()
        return Err("refused", "That name and password do not belong together.", "password")

    def _welcome(self, person: Person, mark: str, address: str) -> str:
        token = secrets.token_urlsafe(32)
        until = datetime.now(UTC) + GOOD_FOR
        with UnitOfWork(self._engine) as unit:
            sign_ins = SignInRepository(unit.session)
            sign_ins.forget_expired()
            sign_ins.add(_hash(token), person.id, person.name, mark, address, until)
            SignInTryRepository(unit.session).forgive(address, person.name.lower())
            SecurityEventRepository(unit.session).add("signed_in", person.name, person.name, address=address)
            unit.commit()
        return token


def _hash(token: str) -> bytes:
    return hashlib.sha256(_bytes(token)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
