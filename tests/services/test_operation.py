"""What an operator sees of the database, the workers and their work."""

import os
import socket

import msgspec
import pytest

from core.db.engine import create_engine
from core.domain.result import Err, Ok
from core.services.backup_desk import BackupDesk
from core.services.backups import BackupService
from core.services.operation import OperationService
from core.settings import Settings
from tests.services.test_proof_desk import until_over
from tests.support.rows import fill
from tests.support.scripted import ScriptedServer, stall
from tests.support.workspace import started, workspace


@pytest.fixture
def operation(engine, settings):
    return OperationService(engine, settings, "me")


def test_a_server_is_named_without_its_password(engine, tmp_path):
    with_password = Settings(home=tmp_path, database_url="postgresql://ada:s3cret@db.example:5433/agents")
    facts = OperationService(engine, with_password, "me").database()
    assert (facts.is_embedded, facts.version.split(".")[0], facts.revision >= "0011") == (False, "18", True)
    other = create_engine(with_password.database_url)
    assert "s3cret" not in str(OperationService(other, with_password, "me"))
    assert "s3cret" not in str(msgspec.to_builtins(facts))
    assert facts.size_bytes > 1_000_000
    assert [one.size_bytes for one in facts.tables] == sorted((one.size_bytes for one in facts.tables), reverse=True)


def test_an_embedded_one_is_named_by_its_folder(engine, tmp_path):
    facts = OperationService(engine, Settings(home=tmp_path), "me").database()
    assert (facts.is_embedded, facts.where) == (True, str(tmp_path / "postgres"))


def test_who_executes_what(settings):
    with ScriptedServer(stall()) as server, workspace(settings, server, adopt=True) as app:
        run = started(app)
        server.wait_for(1)
        force = app.operation.workforce()
        (worker,) = force.workers
        app.runs.cancel(run.id, "ada")
        app.runs.wait(run.id, 15)
        assert app.operation.workforce().workers[0].runs == ()
    assert (worker.host, worker.pid, worker.is_alive, worker.is_this) == (socket.gethostname(), os.getpid(), True, True)
    assert [one.id for one in worker.runs] == [run.id]
    assert (force.running, force.queued) == (1, 0)


def test_a_worker_without_its_lock_is_gone_and_what_waits_is_counted(engine, operation):
    fill(engine)
    force = operation.workforce()
    assert [(one.name, one.is_alive, one.is_this) for one in force.workers] == [("w", False, False)]
    assert (force.queued, force.held) == (2, 1)
    assert operation.spent(2).runs >= 3


def test_a_backup_from_the_screen_lies_in_the_home(engine, settings):
    desk = BackupDesk(settings.home, BackupService(engine, settings))
    assert desk.files() == []
    assert isinstance(desk.begin("ada"), Ok)
    assert until_over(desk.progress).trouble == ""
    (file,) = desk.files()
    assert desk.path(file.name).stat().st_size == file.size_bytes
    assert desk.path("../secrets.key") is None
    assert isinstance(desk.delete(file.name), Ok)
    assert isinstance(desk.delete(file.name), Err)


def test_a_backup_that_fails_says_why(engine, settings):
    settings.home.mkdir()
    (settings.home / "backups").write_text("no folder")
    desk = BackupDesk(settings.home, BackupService(engine, settings))
    desk.begin()
    assert "cannot be made" in until_over(desk.progress).trouble
    desk.begin("ada", "short")
    assert until_over(desk.progress).trouble
