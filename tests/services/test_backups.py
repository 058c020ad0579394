"""Backups: whole, consistent while everything goes on, and restored wholly or not at all."""

import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from core.db.engine import create_engine
from core.db.migrate import upgrade
from core.domain.agent import AgentSpec
from core.domain.dataset import Item
from core.domain.result import Err, Ok
from core.domain.tool import ToolChoice
from core.services import secret_key
from core.services.backups import BackupService
from core.services.restoring import restore
from core.services.secrets import SecretService
from core.settings import Settings
from tests.support.answers import text as says
from tests.support.backups import backup_of_any_schema, changed, fingerprints
from tests.support.evaluations import begun, echo, over
from tests.support.rows import ROWS, fill
from tests.support.scripted import ScriptedServer, calls
from tests.support.workspace import ENDPOINT, rested, started, workspace

ROOT = Path(__file__).parents[2]
PASSPHRASE = "correct horse"
ASKING = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("notebook_write", policy="ask"),))
WRITE = ("notebook_write", '{"notebook": "log", "text": "hello"}')


@pytest.fixture
def elsewhere(databases, tmp_path):
    """A new workspace on the same server."""
    with databases.fresh() as url:
        yield Settings(home=tmp_path / "elsewhere", database_url=url)


@pytest.fixture
def saved(settings, tmp_path):
    """A backup of a workspace with a row in every table."""
    with opened(settings) as engine:
        fill(engine)
        made(engine, settings, tmp_path / "full.zip")
    return tmp_path / "full.zip"


@contextmanager
def opened(settings):
    engine = create_engine(settings.database_url)
    yield engine
    engine.dispose()


def made(engine, settings, path, passphrase=None):
    result = BackupService(engine, settings).make(path, "ada", passphrase)
    assert isinstance(result, Ok), result
    return result.value


def restored(settings, path, **options):
    with opened(settings) as engine:
        return restore(engine, settings.home, path, **options)


def test_every_table_comes_back_as_it_was(settings, elsewhere, tmp_path):
    with opened(settings) as engine:
        fill(engine)
        before = fingerprints(settings.database_url)
        assert all(rows for _, rows in before.values()), "a table without a row proves nothing"
        done = made(engine, settings, tmp_path / "all.zip")
    result = restored(elsewhere, tmp_path / "all.zip", go_on=True)
    assert isinstance(result, Ok), result
    assert fingerprints(elsewhere.database_url) == before
    assert done.rows == sum(rows for _, rows in before.values())
    assert (tmp_path / "all.zip").stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob(".*")) == []


def test_nothing_in_the_schema_is_left_out_unnoticed(engine):
    """A backup knows tables and their rows. Whoever adds a sequence or a view has to teach it that."""
    with engine.connect() as connection:
        kinds = connection.scalars(
            text("SELECT DISTINCT relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace")
        )
        assert set(kinds) <= {"r", "i"}


def test_a_backup_amid_the_writing_is_of_one_moment(settings, elsewhere, tmp_path):
    over = threading.Event()
    with workspace(settings, adopt=True) as app:

        def write():
            while not over.is_set():
                run = app.runs.test_tool("calculator", '{"expression": "6 * 7"}').value
                app.runs.wait(run.id, 15)

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        try:
            runs = [app.backups.make(tmp_path / f"{turn}.zip").value.runs for turn in range(3)]
        finally:
            over.set()
            for writer in writers:
                writer.join()
    assert runs == sorted(runs)
    for turn in range(3):
        assert isinstance(restored(elsewhere, tmp_path / f"{turn}.zip", replace=True), Ok)
        with workspace(elsewhere) as app:
            audit = app.proofs.verify().value
        assert (audit.first_break, audit.runs) == (None, runs[turn])


def test_who_waited_waits_and_what_was_under_way_stands_still(settings, elsewhere, tmp_path):
    with ScriptedServer(calls(WRITE), says("Noted.")) as server:
        with workspace(settings, server, adopt=True) as app:
            waiting = rested(app, started(app, spec=ASKING).id)
            assert waiting.run.status == "waiting"
            app.backups.make(tmp_path / "b.zip")
        result = restored(elsewhere, tmp_path / "b.zip").value
        assert (result.waiting_runs, result.held_runs) == (1, 0)
        with workspace(elsewhere, adopt=True) as app:
            assert isinstance(app.decisions.approve(waiting.run.id, "1.0", "ada"), Ok)
            done = rested(app, waiting.run.id)
            assert (done.run.output, app.proofs.verify().value.first_break) == ("Noted.", None)


@pytest.mark.parametrize("go_on", [False, True])
def test_a_run_that_was_under_way_goes_on_when_somebody_says_so(settings, elsewhere, tmp_path, go_on):
    with ScriptedServer(says("Here I am.")) as server:
        with workspace(msgspec.structs.replace(settings, execute=False), server) as app:
            run = started(app)
            assert run.status == "queued"
            app.backups.make(tmp_path / "b.zip")
        assert restored(elsewhere, tmp_path / "b.zip", go_on=go_on).value.held_runs == (0 if go_on else 1)
        with workspace(elsewhere, adopt=True) as app:
            if not go_on:
                other = app.runs.test_tool("calculator", '{"expression": "1"}').value
                app.runs.wait(other.id, 15)
                assert (app.runs.get(run.id).status, len(server.requests)) == ("queued", 0)
                app.runs.resume(run.id)
            assert rested(app, run.id).run.output == "Here I am."


def test_an_evaluation_under_way_is_paused_and_goes_on_to_its_end(settings, elsewhere, tmp_path):
    with ScriptedServer(respond=echo) as server:
        with workspace(msgspec.structs.replace(settings, execute=False), server) as app:
            evaluation = begun(app, [Item(input=f"word{number}") for number in range(4)])
            app.evaluation_drive.advance(evaluation.id)
            app.backups.make(tmp_path / "b.zip")
        result = restored(elsewhere, tmp_path / "b.zip").value
        assert (result.paused_evaluations, result.held_runs) == (1, 4)
        with workspace(elsewhere, adopt=True) as app:
            paused = app.evaluations.get(evaluation.id)
            assert (paused.status, "backup" in paused.reason) == ("paused", True)
            assert isinstance(app.evaluations.resume(evaluation.id), Ok)
            assert over(app, evaluation).status == "done"
            assert app.proofs.verify().value.first_break is None
        assert len(server.requests) == 4


def test_secrets_open_with_the_passphrase_in_another_home(settings, elsewhere, tmp_path):
    with opened(settings) as engine:
        SecretService(engine, settings).set("KEY", "s3cret-value", "ada")
        made(engine, settings, tmp_path / "without.zip")
        made(engine, settings, tmp_path / "with.zip", PASSPHRASE)
    assert b"s3cret-value" not in (tmp_path / "with.zip").read_bytes()
    wrong = restored(elsewhere, tmp_path / "with.zip", passphrase="wrong horse")
    assert isinstance(wrong, Err)
    assert "not the passphrase" in wrong.message
    assert isinstance(restored(elsewhere, tmp_path / "without.zip", passphrase=PASSPHRASE), Err)
    assert fingerprints(elsewhere.database_url)["secrets"][1] == 0

    assert restored(elsewhere, tmp_path / "without.zip").value.secrets_readable is False
    with_key = restored(elsewhere, tmp_path / "with.zip", passphrase=PASSPHRASE, replace=True).value
    assert (with_key.secrets, with_key.secrets_readable) == (1, True)
    with opened(elsewhere) as engine:
        assert SecretService(engine, elsewhere).value("KEY") == "s3cret-value"
    # In the home that it came from, the key is there already.
    assert restored(settings, tmp_path / "without.zip", replace=True).value.secrets_readable is True


def test_a_key_that_is_just_being_changed_goes_along(settings, elsewhere, tmp_path):
    with opened(settings) as engine:
        SecretService(engine, settings).set("KEY", "s3cret-value", "ada")
        secret_key.replace(settings.home, secret_key.with_another(secret_key.load_or_make(settings.home)))
        made(engine, settings, tmp_path / "with.zip", PASSPHRASE)
    assert restored(elsewhere, tmp_path / "with.zip", passphrase=PASSPHRASE).value.secrets_readable
    with opened(elsewhere) as engine:
        assert SecretService(engine, elsewhere).value("KEY") == "s3cret-value"


def test_a_short_passphrase_is_refused_before_anything_is_written(settings, engine, tmp_path):
    refused = BackupService(engine, settings).make(tmp_path / "b.zip", "ada", "short")
    assert (refused.kind, list(tmp_path.glob("*.zip"))) == ("invalid", [])


def test_a_workspace_with_work_in_it_is_kept_unless_told(saved, elsewhere):
    with workspace(elsewhere):
        pass  # the samples of a new workspace are nobody's work
    assert isinstance(restored(elsewhere, saved), Ok)
    before = fingerprints(elsewhere.database_url)
    refused = restored(elsewhere, saved)
    assert refused.kind == "conflict"
    assert "runs" in refused.message
    assert "--replace" in refused.message
    assert fingerprints(elsewhere.database_url) == before
    assert isinstance(restored(elsewhere, saved, replace=True), Ok)


def test_an_agent_of_ones_own_is_work(saved, elsewhere):
    with workspace(elsewhere) as app:
        app.agents.create("Mine", AgentSpec(), "ada")
    assert "agents" in restored(elsewhere, saved).message


def test_it_is_not_done_under_an_app_that_runs(saved, elsewhere):
    with workspace(elsewhere):
        refused = restored(elsewhere, saved, replace=True)
    assert "in use" in refused.message


@pytest.mark.parametrize("revision", list(ROWS)[2:-1])
def test_a_backup_of_an_older_version_is_brought_up_to_date(databases, elsewhere, tmp_path, revision):
    with databases.empty() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            upgrade(connection, revision)
        fill(engine, *list(ROWS)[: list(ROWS).index(revision) + 1])
        backup_of_any_schema(engine, tmp_path / "old.zip")
        engine.dispose()
    result = restored(elsewhere, tmp_path / "old.zip")
    assert isinstance(result, Ok), result
    assert result.value.revision > revision
    assert fingerprints(elsewhere.database_url)["runs"][1] >= 1


def _newer_revision(told):
    told["revision"] = "9999"


def _newer_format(told):
    told["format"] = "aryabhatta-backup-2"


def _foreign_column(told):
    told["tables"][0]["columns"][0] = "id\") TO PROGRAM 'touch /tmp/x' --"


@pytest.mark.parametrize(
    ("change", "said"),
    [(_newer_revision, "newer Aryabhatta"), (_newer_format, "aryabhatta-backup-2"), (_foreign_column, "columns")],
)
def test_what_this_copy_cannot_read_is_refused_in_clear_words(saved, elsewhere, tmp_path, change, said):
    before = fingerprints(elsewhere.database_url)
    refused = restored(elsewhere, changed(saved, tmp_path / "other.zip", manifest=change))
    assert said in refused.message
    assert fingerprints(elsewhere.database_url) == before


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(saved, elsewhere, tmp_path, share):
    whole = saved.read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: int(len(whole) * share)])
    assert "not a whole backup" in restored(elsewhere, tmp_path / "cut.zip").message


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.7, 0.999])
def test_a_changed_byte_is_noticed(saved, elsewhere, tmp_path, place):
    data = bytearray(saved.read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    (tmp_path / "bad.zip").write_bytes(data)
    assert isinstance(restored(elsewhere, tmp_path / "bad.zip"), Err)


def test_rows_that_were_added_are_noticed(saved, elsewhere, tmp_path):
    refused = restored(elsewhere, changed(saved, tmp_path / "more.zip", rows=b"x\n"))
    assert refused.kind == "invalid"
    assert fingerprints(elsewhere.database_url)["agents"][1] == 0


@pytest.mark.parametrize("name", ["a text", "an empty file"])
def test_something_else_is_no_backup(elsewhere, tmp_path, name):
    (tmp_path / "x").write_text("hello" if name == "a text" else "")
    assert "not a whole backup" in restored(elsewhere, tmp_path / "x").message
    assert "cannot be read" in restored(elsewhere, tmp_path / "nowhere").message


@pytest.mark.parametrize("place", ["erased", "half filled", "at the end"])
def test_killed_on_the_way_the_old_workspace_is_there(saved, elsewhere, place):
    assert isinstance(restored(elsewhere, saved), Ok)
    before = fingerprints(elsewhere.database_url)
    command = ["-m", "tests.support.killed_restore", elsewhere.database_url, elsewhere.home, saved, place]
    ended = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert fingerprints(elsewhere.database_url) == before
    assert isinstance(restored(elsewhere, saved, replace=True), Ok)


def test_a_full_disk_leaves_the_older_backup(settings, engine, tmp_path):
    """The limit of a file's size stands in for the end of a disk: the write fails in the same place."""
    path = tmp_path / "b.zip"
    made(engine, settings, path)
    old = path.read_bytes()
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO attachments SELECT encode(sha256(c), 'hex'), 'x', c FROM (SELECT "
                "convert_to(string_agg(md5(random()::text), ''), 'UTF8') c "
                "FROM generate_series(1, 20000)) t"
            )
        )
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        refused = BackupService(engine, settings).make(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert "cannot be written" in refused.message
    assert path.read_bytes() == old
    assert [one.name for one in tmp_path.iterdir() if "part" in one.name] == []


def test_a_folder_that_is_not_there_is_said(settings, engine, tmp_path):
    assert "No such file" in BackupService(engine, settings).make(tmp_path / "no" / "b.zip").message


def test_when_the_last_one_was_made_is_remembered(settings, engine, tmp_path):
    service = BackupService(engine, settings)
    assert service.last() is None
    done = made(engine, settings, tmp_path / "b.zip")
    assert service.last() == done
    assert (done.file, done.made_by, done.size_bytes) == ("b.zip", "ada", (tmp_path / "b.zip").stat().st_size)
