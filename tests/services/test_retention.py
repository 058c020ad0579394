"""What is too old goes as a whole and leaves a mark; the rest stays, and everything is still proved."""

import os
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.domain.agent import AgentSpec
from core.domain.attachment import Upload
from core.domain.result import Err, Ok
from core.domain.retention import Retention
from core.domain.tool import ToolChoice
from core.errors import Unavailable
from core.logs import FILE_NAME, FOLDER
from core.services.retention import RetentionLoop
from core.services.runs import StartRun
from tests.services.test_backups import restored
from tests.services.test_proof_desk import until_over
from tests.support.scripted import ScriptedServer, calls
from tests.support.scripted import text as says
from tests.support.workspace import ENDPOINT, rested, started, workspace

WRITE = ("notebook_write", '{"notebook": "log", "text": "hello"}')
ASKING = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("notebook_write", policy="ask"),))
MONTH = Retention(runs_days=30)


@pytest.fixture
def app(settings):
    with ScriptedServer(respond=lambda _: says("Hello.")) as server, workspace(settings, server, adopt=True) as app:
        yield app


def ran(app, **changes):
    return rested(app, started(app, **changes).id).run


def aged(app, *runs, days=40):
    """As if these had happened so many days ago: ids carry their time as well, so the limit is moved instead."""
    with app._parts.engine.begin() as connection:
        for run in runs:
            connection.execute(
                text("UPDATE runs SET ended_at = ended_at - make_interval(days => :d) WHERE id = :id"),
                {"id": run.id, "d": days},
            )


@pytest.fixture(autouse=True)
def ids_of_any_time(monkeypatch):
    """Runs of a test have ids of now; that the id's index bounds the search is switched off for them."""
    monkeypatch.setattr("core.services.retention.first_id", lambda _at: "ffffffff-ffff-ffff-ffff-ffffffffffff")


def swept(app):
    return sum(app.retention.sweep())


def test_nothing_goes_unless_somebody_says_so(app):
    aged(app, ran(app), days=4_000)
    assert (swept(app), app.retention.policy()) == (0, Retention())


def test_what_would_go_is_counted_before_and_marked_after(app):
    old, young = ran(app), ran(app)
    aged(app, old)
    app.retention.set(MONTH, "ada")
    preview = app.retention.preview(MONTH)
    assert (preview.runs, preview.entries, preview.kept) == (1, 5, 0)
    assert app.runs.get(old.id) is not None
    assert swept(app) == 1
    assert app.runs.get(old.id) is None
    assert app.runs.get(young.id) is not None
    audit = app.proofs.verify().value
    assert (audit.runs, audit.removed, audit.first_break) == (1, 1, None)
    assert swept(app) == 0


def test_the_mark_keeps_the_last_hash_and_the_dates(app):
    run = ran(app)
    head = app.runs.events(run.id)[-1].hash
    aged(app, run)
    app.retention.set(MONTH)
    swept(app)
    with app._parts.engine.connect() as connection:
        kept = connection.execute(text("SELECT run_id, entries, head, reason FROM removed_runs")).one()
    assert (kept[0], kept[1], bytes(kept[2]), kept[3]) == (run.id, 5, head, "kept for 30 days")
    assert head.hex() in app.retention.mark(run.id).words
    assert "removed on" in app.proofs.verify(run.id).message


def test_who_waits_or_is_needed_stays(settings):
    def answer(request):
        return says("Hello.") if len(request.json["messages"]) > 1 or "wait" not in str(request.json) else calls(WRITE)

    with ScriptedServer(respond=answer) as server, workspace(settings, server, adopt=True) as app:
        waiting = rested(app, started(app, text="wait", spec=ASKING).id).run
        assert waiting.status == "waiting"
        conversation = app.conversations.create(None, "ada")
        first = ran(app, conversation_id=conversation.id)
        ran(app, conversation_id=conversation.id)
        compared = ran(app, kind="compare")
        with app._parts.engine.begin() as connection:
            connection.execute(text("UPDATE runs SET created_at = created_at - interval '40 days'"))
        aged(app, first, compared)
        app.retention.set(MONTH)
        assert app.retention.preview(MONTH).runs == 0
        assert app.retention.preview(MONTH).kept == 2
        assert swept(app) == 0


def test_a_conversation_goes_with_the_last_of_its_runs(app):
    conversation = app.conversations.create(None, "ada")
    runs = [ran(app, conversation_id=conversation.id) for _ in range(2)]
    aged(app, *runs)
    app.retention.set(MONTH)
    assert swept(app) == 2
    assert app.conversations.get(conversation.id) is None


def test_a_file_goes_when_nothing_names_it(app):
    old = ran(app, files=(Upload("a.txt", b"only in the old one"), Upload("b.txt", b"in both")))
    ran(app, files=(Upload("b.txt", b"in both"),))
    aged(app, old)
    with app._parts.engine.begin() as connection:
        connection.execute(text("UPDATE attachments SET created_at = created_at - interval '40 days'"))
    app.retention.set(MONTH)
    swept(app)
    with app._parts.engine.connect() as connection:
        assert [bytes(one) for one in connection.scalars(text("SELECT content FROM attachments"))] == [b"in both"]
    assert app.proofs.verify().value.first_break is None


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM removed_runs WHERE number = 1",
        "UPDATE removed_runs SET reason = 'another' WHERE number = 2",
        "UPDATE removed_runs SET ended_at = ended_at - interval '1 day' WHERE number = 1",
    ],
)
def test_a_mark_that_was_changed_or_taken_away_is_named(app, change):
    aged(app, ran(app), ran(app))
    app.retention.set(MONTH)
    swept(app)
    with app._parts.engine.begin() as connection:
        connection.execute(text("ALTER TABLE removed_runs DISABLE TRIGGER USER"))
        connection.execute(text(change))
    assert "mark of its removal" in app.proofs.verify().value.first_break.what


def test_the_database_lets_no_entry_go_without_a_true_mark(app):
    run = ran(app)
    mark = (
        "INSERT INTO removed_runs (number, run_id, entries, head, created_at, ended_at, removed_at, reason, hash) "
        f"SELECT 1, id, {{}}, head, created_at, ended_at, now(), 'x', '' FROM runs WHERE id = '{run.id}'"
    )
    engine = app._parts.engine
    with engine.connect() as connection, pytest.raises(IntegrityError, match="another one"):
        connection.execute(text(mark.format("next_seq - 1")))
    with engine.begin() as connection:
        connection.execute(text(mark.format("next_seq")))
    assert "mark of its removal" in app.proofs.verify().value.first_break.what


def test_a_run_that_went_in_part_is_named(app, monkeypatch):
    aged(app, ran(app))
    app.retention.set(MONTH)
    monkeypatch.setattr("core.repositories.removal._GONE", ())
    next(app.retention.sweep())
    assert "is still there" in app.proofs.verify().value.first_break.what


def test_a_workspace_with_removed_runs_is_backed_up_and_proved(app, databases, settings, tmp_path):
    aged(app, ran(app), ran(app))
    app.retention.set(MONTH)
    swept(app)
    assert isinstance(app.backups.make(tmp_path / "b.zip"), Ok)
    with databases.fresh() as url:
        elsewhere = type(settings)(home=tmp_path / "elsewhere", database_url=url)
        assert isinstance(restored(elsewhere, tmp_path / "b.zip"), Ok)
        with workspace(elsewhere) as there:
            audit = there.proofs.verify().value
            assert (audit.removed, audit.first_break) == (2, None)


def test_old_files_of_the_log_go_and_the_one_that_is_written_stays(app, settings):
    folder = settings.home / FOLDER
    folder.mkdir(parents=True)
    for name in (FILE_NAME, f"{FILE_NAME}.1", f"{FILE_NAME}.2"):
        (folder / name).write_text("{}\n")
    for name in (FILE_NAME, f"{FILE_NAME}.2"):
        os.utime(folder / name, (time.time() - 10 * 86_400,) * 2)
    week = Retention(log_days=7)
    assert (app.retention.preview(week).log_files, app.retention.preview(week).runs) == (1, 0)
    app.retention.set(week)
    app.retention.begin("ada")
    until_over(app.retention.progress)
    assert sorted(path.name for path in folder.iterdir()) == [FILE_NAME, f"{FILE_NAME}.1"]


@pytest.mark.parametrize("days", [0, -1, 40_000])
def test_a_limit_is_a_number_of_days(app, days):
    assert isinstance(app.retention.set(Retention(runs_days=days)), Err)


def test_a_run_that_was_started_meanwhile_is_untouched(app):
    assert isinstance(app.runs.start(StartRun(input="hi", endpoint="demo")), Ok)
    app.retention.set(Retention(runs_days=1))
    assert swept(app) == 0


def test_the_loop_sweeps_by_itself_again_after_trouble_and_stops(monkeypatch):
    monkeypatch.setattr("core.services.retention._LOOK_S", 0.01)
    turns, swept_again = [], threading.Event()

    def sweep():
        turns.append(None)
        if len(turns) == 1:
            raise Unavailable("the database is away")
        swept_again.set()
        yield from ()

    loop = RetentionLoop(sweep)
    loop.start()
    assert swept_again.wait(10)
    loop.stop()
    assert not loop._thread.is_alive()
