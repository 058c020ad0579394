import threading

import pytest
from sqlalchemy import text

from core.domain.result import Ok
from core.errors import ConfigurationError, FaultError
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
