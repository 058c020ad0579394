"""`backup` and `restore`, as a person or a cron job calls them."""

import io
import sys

from core.services.secrets import SecretService
from tests.support.backups import fingerprints


def stdin(monkeypatch, line):
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))


def test_a_workspace_is_carried_elsewhere_and_proved(cli, empty_home, tmp_path, environment):
    assert cli("run", "-", "What is 6 * 7?", "--endpoint", "demo", "--tool", "calculator").code == 0
    file = tmp_path / "b.zip"
    ended = cli("backup", str(file))
    assert ended.code == 0
    assert "The key of the secrets is not in it" in ended.out
    before = fingerprints(environment["DB_CONNECTION_STRING"], without=("preferences",))
    with empty_home():
        restored = cli("restore", str(file))
        assert restored.code == 0, restored.err
        assert cli("audit", "verify").out == "1 runs, 9 entries: every hash is right.\n"
        assert cli("restore", str(file)).code == 1
    assert fingerprints(environment["DB_CONNECTION_STRING"], without=("preferences",)) == before


def test_numbers_for_scripts(cli, empty_home, tmp_path, monkeypatch, engine, settings):
    SecretService(engine, settings).set("KEY", "v", "ada")
    engine.dispose()
    file = tmp_path / "b.zip"
    stdin(monkeypatch, "correct horse\n")
    made = cli("backup", str(file), "--with-key", "--json").json
    assert (made["file"], made["has_key"]) == ("b.zip", True)
    with empty_home():
        stdin(monkeypatch, "wrong horse\n")
        wrong = cli("restore", str(file), "--with-key")
        assert (wrong.code, "not the passphrase" in wrong.err) == (1, True)
        stdin(monkeypatch, "correct horse\n")
        assert cli("restore", str(file), "--with-key", "--json").json["secrets_readable"] is True


def test_what_is_no_backup_is_a_fault_of_usage(cli, tmp_path):
    (tmp_path / "x").write_text("x")
    ended = cli("restore", str(tmp_path / "x"))
    assert (ended.code, "not a whole backup" in ended.err) == (2, True)
    assert cli("restore", str(tmp_path / "nowhere")).code == 2


def test_a_database_that_does_not_answer(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("DB_CONNECTION_STRING", "postgresql://u:p@127.0.0.1:1/x")
    assert cli("backup", str(tmp_path / "b.zip")).code == 5
    assert list(tmp_path.glob("*.zip")) == []
