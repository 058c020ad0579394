"""People, their roles, and where they are signed in: over two Apps, as over two processes."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from core.domain.person import AT_THIS_MACHINE, Person
from core.domain.result import Err, Ok
from core.errors import NotAllowed
from core.services import sign_in as module
from core.services.people import PeopleService
from core.services.sign_in import SignInService
from core.settings import Settings

GOOD = "correct horse battery"
HERE = "192.0.2.7"


class Server:
    """The two services of one process."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.sign_ins = SignInService(engine, settings)
        self.people = PeopleService(engine, self.sign_ins)

    def token(self, name: str, password: str = GOOD) -> str:
        result = self.sign_ins.sign_in(name, password, HERE)
        assert isinstance(result, Ok), result
        return result.value


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process changed is seen at once."""
    monkeypatch.setattr(module, "_FRESH_S", -1.0)


@pytest.fixture
def server(engine: Engine, settings: Settings) -> Server:
    return Server(engine, settings)


@pytest.fixture
def ada(server: Server) -> Person:
    return person(server, "Ada", "operator")


def person(server: Server, name: str, role: str) -> Person:
    added = server.people.add(name, role, GOOD, "root")
    assert isinstance(added, Ok), added
    return added.value


def kinds(server: Server) -> list[str]:
    return [event.kind for event in server.people.events()]


def test_without_people_and_password_this_machine_is_the_operator(server: Server):
    assert not server.sign_ins.needed()
    assert server.sign_ins.person("") == AT_THIS_MACHINE


def test_the_first_person_is_an_operator_and_then_everybody_signs_in(server: Server):
    assert isinstance(server.people.add("Vic", "viewer", GOOD, ""), Err)
    person(server, "Ada", "operator")
    person(server, "Vic", "viewer")
    assert server.sign_ins.needed()
    with pytest.raises(NotAllowed):
        server.sign_ins.person("")
    found = server.sign_ins.who(server.token("vic"))
    assert found is not None
    assert (found.person.name, found.person.role) == ("Vic", "viewer")
    assert server.sign_ins.person(str(found.id)) == found.person


@pytest.mark.parametrize("password", ["short", "Adaadaadaada", "x" * 1_001])
def test_weak_passwords_are_refused(server: Server, password: str):
    assert isinstance(server.people.add("Adaadaadaada", "operator", password, ""), Err)


def test_two_people_cannot_have_names_that_differ_in_capitals_only(server: Server, ada: Person):
    refused = server.people.add("ADA", "viewer", GOOD, "")
    assert isinstance(refused, Err)
    assert refused.field == "name"


@pytest.mark.parametrize(("name", "password"), [("Ada", "wrong"), ("Nobody", GOOD), ("Ada", ""), ("Ada\x00", "x")])
def test_a_wrong_sign_in_says_the_same_whatever_is_wrong(server: Server, ada: Person, name: str, password: str):
    refused = server.sign_ins.sign_in(name, password, HERE)
    assert isinstance(refused, Err)
    assert refused.message == "That name and password do not belong together."
    assert kinds(server)[0] == "sign_in_failed"


def test_what_lies_in_the_database_opens_nothing(server: Server, ada: Person, engine: Engine):
    token = server.token("Ada")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT s.*, p.* FROM sign_ins s JOIN people p ON p.id = s.person_id")).all()
    assert token not in str(rows)
    assert GOOD not in str(rows)
    assert "$argon2id$" in str(rows)


def test_a_sign_in_survives_a_restart_and_holds_in_every_process(
    server: Server, ada: Person, engine: Engine, settings: Settings
):
    token = server.token("Ada")
    assert Server(engine, settings).sign_ins.who(token) == server.sign_ins.who(token)
    assert server.sign_ins.who(token) is not None


def test_it_ends_by_itself(server: Server, ada: Person, engine: Engine):
    token = server.token("Ada")
    with engine.begin() as connection:
        connection.execute(text("UPDATE sign_ins SET expires_at = now()"))
    assert server.sign_ins.who(token) is None


def test_sign_out_ends_one_browser_and_everywhere_ends_all(server: Server, ada: Person):
    one, two, three = (server.token("Ada") for _ in range(3))
    found = server.sign_ins.who(one)
    assert found is not None
    server.sign_ins.sign_out(found.id, found.person)
    assert server.sign_ins.who(one) is None
    assert server.sign_ins.who(two) is not None
    server.sign_ins.sign_out(found.id, found.person, everywhere=True)
    assert [server.sign_ins.who(token) for token in (two, three)] == [None, None]
    assert kinds(server)[:2] == ["signed_out_everywhere", "signed_out"]


def test_another_role_holds_for_those_who_are_signed_in(
    server: Server, ada: Person, engine: Engine, settings: Settings
):
    vic = person(server, "Vic", "viewer")
    token = server.token("Vic")
    other = Server(engine, settings)
    assert isinstance(other.people.set_role(vic.id, "builder", "Ada"), Ok)
    assert server.sign_ins.who(token).person.role == "builder"
    event = server.people.events()[0]
    assert (event.kind, event.who, event.subject, event.detail) == ("role_changed", "Ada", "Vic", "viewer → builder")


@pytest.mark.parametrize("how", ["disable", "set_password"])
def test_whoever_is_shut_out_or_has_another_password_is_signed_out(server: Server, ada: Person, how: str):
    vic = person(server, "Vic", "viewer")
    token = server.token("Vic")
    done = (
        server.people.disable(vic.id, "Ada")
        if how == "disable"
        else server.people.set_password(vic.id, "another one", "Ada")
    )
    assert isinstance(done, Ok)
    assert server.sign_ins.who(token) is None
    assert isinstance(server.sign_ins.sign_in("Vic", GOOD, HERE), Err)


def test_the_last_operator_stays_one_even_when_two_are_taken_at_once(server: Server, ada: Person):
    eve = person(server, "Eve", "operator")
    gate = threading.Barrier(2)
    results = []

    def demote(one: Person) -> None:
        gate.wait()
        results.append(server.people.set_role(one.id, "viewer", ""))

    threads = [threading.Thread(target=demote, args=(one,)) for one in (ada, eve)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(result).__name__ for result in results) == ["Err", "Ok"]
    last = next(one for one in server.people.list() if one.role == "operator")
    assert isinstance(server.people.disable(last.id, ""), Err)


def test_tries_are_counted_over_all_processes_and_none_slips_through_at_once(
    server: Server, ada: Person, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module.passwords, "is_right", lambda *_given: False)
    servers = [server, Server(engine, settings)]
    results = []
    threads = [
        threading.Thread(target=lambda one=one: results.append(one.sign_ins.sign_in("Ada", "wrong", HERE)))
        for one in servers * module.TRIES_PER_ADDRESS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds_of = [result.kind for result in results]
    assert (kinds_of.count("refused"), kinds_of.count("unavailable")) == (module.TRIES_PER_ADDRESS,) * 2


def test_a_slowed_address_is_let_in_again_later_and_others_are_not_slowed(server: Server, ada: Person, engine: Engine):
    for _ in range(module.TRIES_PER_ADDRESS):
        server.sign_ins.sign_in("Nobody", "wrong", HERE)
    slowed = server.sign_ins.sign_in("Ada", GOOD, HERE)
    assert isinstance(slowed, Err)
    assert slowed.kind == "unavailable"
    assert isinstance(server.sign_ins.sign_in("Ada", GOOD, "192.0.2.8"), Ok)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE sign_in_tries SET at = at - :long"), {"long": module.TRIES_WITHIN + timedelta(1)}
        )
    assert isinstance(server.sign_ins.sign_in("Ada", GOOD, HERE), Ok)


def test_the_one_password_is_for_all_until_there_is_an_operator(engine: Engine, settings: Settings):
    import msgspec

    server = Server(engine, msgspec.structs.replace(settings, password="open sesame"))
    token = server.token("Grace", "open sesame")
    assert server.sign_ins.who(token).person == Person(name="Grace", role="operator")
    assert isinstance(server.sign_ins.sign_in("Grace", "no", HERE), Err)
    changed = Server(engine, msgspec.structs.replace(settings, password="another"))
    assert changed.sign_ins.who(token) is None
    person(server, "Ada", "operator")
    assert server.sign_ins.who(token) is None
    assert isinstance(server.sign_ins.sign_in("Grace", "open sesame", HERE), Err)
