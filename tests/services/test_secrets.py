import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine, text

from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok
from core.errors import ConfigurationError, FaultError
from core.services import secret_key
from core.services.secret_key import FILE_NAME, load_or_make
from core.services.secrets import HUGGING_FACE_TOKEN, SecretService
from core.settings import Settings


@pytest.fixture
def secrets(engine, settings):
    return SecretService(engine, settings)


@pytest.mark.parametrize("value", ["s3cret", "zwei\nZeilen\n", "日本 \x00 \ud83d", " "])
def test_what_was_set_is_what_is_used(secrets, value):
    assert secrets.set("KEY", value, "ada") == Ok(None)
    assert secrets.value("KEY") == value


def test_the_database_never_sees_a_value(secrets, engine):
    secrets.set("KEY", "s3cret", "ada")
    with engine.connect() as connection:
        row = connection.execute(text("SELECT secrets::text, ciphertext FROM secrets")).one()
    assert "s3cret" not in row[0]
    assert b"s3cret" not in bytes(row[1])


def test_replace_list_and_delete(secrets):
    secrets.set("B", "1", "ada")
    secrets.set("A", "2", "ada")
    secrets.set("B", "3", "bob")
    assert [secret.name for secret in secrets.names()] == ["A", "B"]
    assert secrets.value("B") == "3"
    assert secrets.delete("B", "bob") == Ok(None)
    assert secrets.delete("B").kind == "not_found"
    assert secrets.value("B") is None


@pytest.mark.parametrize(
    ("name", "value", "field"), [("a b", "x", "name"), ("A", "", "value"), ("A", "x" * 20_001, "value")]
)
def test_refusals(secrets, name, value, field):
    assert secrets.set(name, value, "ada").field == field


def test_the_environments_token_wins(engine, tmp_path):
    typed = SecretService(engine, Settings(home=tmp_path))
    typed.set(HUGGING_FACE_TOKEN, "hf_typed", "ada")
    assert typed.value(HUGGING_FACE_TOKEN) == "hf_typed"
    given = SecretService(engine, Settings(home=tmp_path, hugging_face_token="hf_given"))
    assert given.value(HUGGING_FACE_TOKEN) == "hf_given"


def test_another_key_is_said_and_not_guessed(secrets, settings):
    secrets.set("KEY", "s3cret", "ada")
    (settings.home / FILE_NAME).unlink()
    with pytest.raises(FaultError, match="encrypted with another key") as caught:
        secrets.value("KEY")
    assert caught.value.fault.kind == "auth"


def test_a_broken_key_file_is_said(secrets, settings):
    settings.home.mkdir()
    (settings.home / FILE_NAME).write_text("nonsense")
    with pytest.raises(ConfigurationError, match="is not a key"):
        secrets.set("KEY", "s3cret", "ada")


def test_the_key_is_its_owners_alone(tmp_path):
    load_or_make(tmp_path / "new" / "home")
    assert (tmp_path / "new" / "home" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new" / "home").iterdir()] == [FILE_NAME]


def test_all_who_begin_at_once_get_the_same_key(tmp_path):
    start, keys = threading.Barrier(8), []

    def begin():
        start.wait()
        keys.append(load_or_make(tmp_path))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_change_can_be_noticed(secrets):
    before = secrets.stamp()
    secrets.set("A", "one", "test")
    changed = secrets.stamp()
    secrets.value("A")
    assert before != changed == secrets.stamp()
    secrets.delete("A")
    assert secrets.stamp() != changed


def crash() -> None:
    raise RuntimeError("killed here")


@pytest.mark.parametrize("point", ["before the key is written", "before the commit", "after the commit", "nowhere"])
def test_the_key_is_changed_and_a_crash_at_any_point_loses_nothing(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch, point: str
):
    secrets = SecretService(engine, settings)
    values = {f"S{number}": f"the value {number} of a secret" for number in range(5)}
    for name, value in values.items():
        assert isinstance(secrets.set(name, value, ""), Ok)
    old = secret_key.load_or_make(settings.home)
    replace, calls = secret_key.replace, []

    def replace_or_crash(home: Path, keys: bytes) -> None:
        calls.append(keys)
        if (len(calls), point) in {(1, "before the key is written"), (2, "after the commit")}:
            crash()
        replace(home, keys)

    with monkeypatch.context() as patch:
        patch.setattr(secret_key, "replace", replace_or_crash)
        if point == "before the commit":
            patch.setattr(UnitOfWork, "commit", lambda _unit: crash())
        if point == "nowhere":
            assert secrets.rotate("Ada") == Ok(5)
        else:
            with pytest.raises(RuntimeError, match="killed here"):
                secrets.rotate("Ada")
    assert {name: SecretService(engine, settings).value(name) for name in values} == values
    assert secrets.rotate("Ada") == Ok(5)
    now = secret_key.load_or_make(settings.home)
    assert len(now.split()) == 1
    assert now != old
    assert {name: SecretService(engine, settings).value(name) for name in values} == values
    with engine.connect() as connection:
        for ciphertext in connection.execute(text("SELECT ciphertext FROM secrets")).scalars():
            with pytest.raises(InvalidToken):
                Fernet(old).decrypt(bytes(ciphertext))


def test_a_secret_that_is_set_while_the_key_changes_has_the_new_key(engine: Engine, settings: Settings):
    secrets = SecretService(engine, settings)
    secrets.set("A", "a value to keep", "")
    done = threading.Event()
    failed: list[object] = []

    def set_and_read() -> None:
        other = SecretService(engine, settings)
        number = 0
        while not done.is_set():
            number += 1
            other.set("B", f"value number {number}", "")
            if other.value("B") != f"value number {number}" or other.value("A") != "a value to keep":
                failed.append(number)

    thread = threading.Thread(target=set_and_read)
    thread.start()
    try:
        assert [secrets.rotate("Ada") for _ in range(8)]
    finally:
        done.set()
        thread.join()
    assert failed == []
    assert secrets.value("A") == "a value to keep"


def test_a_key_is_not_changed_while_a_secret_cannot_be_read(engine: Engine, settings: Settings):
    secrets = SecretService(engine, settings)
    secrets.set("A", "a value to keep", "")
    (settings.home / secret_key.FILE_NAME).write_bytes(Fernet.generate_key())
    refused = secrets.rotate("Ada")
    assert isinstance(refused, Err)
    assert "A" in refused.message
    assert (settings.home / secret_key.FILE_NAME).stat().st_mode & 0o777 == 0o600
