"""Migrations: up, down and up again with data, once however many processes start, never backwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from core.db.engine import create_engine
from core.db.migrate import LOCK, MIGRATIONS, Migrated, check, migrate, revisions
from core.errors import ConfigurationError
from tests.support import catalog
from tests.support.databases import Databases
from tests.support.embedded import ROOT
from tests.support.rows import ROWS, fill


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_database_url)
    yield engine
    engine.dispose()


def alembic(engine: Engine, order: str, revision: str) -> None:
    config = Config(ROOT / "alembic.ini")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        getattr(command, order)(config, revision)


def schema(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return catalog.tables(connection) | catalog.triggers(connection)


def test_the_revisions_are_those_that_alembic_finds():
    found = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert list(revisions()) == found[::-1]
    assert set(ROWS) == set(found)


def test_every_step_goes_up_down_and_up_again_with_data_in_every_table(empty: Engine):
    before = schema(empty)
    after = {}
    for revision in revisions():
        alembic(empty, "upgrade", revision)
        after[revision] = schema(empty)
        fill(empty, revision)
    tables = set(inspect(empty).get_table_names()) - {"alembic_version"}
    with empty.connect() as connection:
        assert {t for t in tables if not connection.scalar(text(f"SELECT count(*) FROM {t}"))} == set()
    for revision in reversed(revisions()):
        assert schema(empty) == after[revision]
        alembic(empty, "downgrade", "-1")
    assert schema(empty) == before
    alembic(empty, "upgrade", "head")
    assert schema(empty) == after[revisions()[-1]]


def test_migrating_reports_what_it_found_and_made(empty: Engine):
    newest = revisions()[-1]
    assert check(empty) == Migrated("", newest)
    assert migrate(empty) == Migrated("", newest)
    assert migrate(empty) == check(empty) == Migrated(newest, newest)


def test_data_survives_an_upgrade_from_an_older_revision(empty: Engine):
    alembic(empty, "upgrade", "0001")
    fill(empty, "0001")
    assert migrate(empty) == Migrated("0001", revisions()[-1])
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT name FROM agents")) == "a"


def test_a_migration_that_fails_leaves_nothing_behind(empty: Engine):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE workers (name text)"))  # in the way of the last migration
    before = schema(empty)
    with pytest.raises(Exception, match='"workers" already exists'):
        migrate(empty)
    assert schema(empty) == before
    assert check(empty).before == ""


def test_a_database_that_is_newer_is_left_alone(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (check, migrate):
        with pytest.raises(ConfigurationError, match=f"at revision 9999.*knows revisions up to {revisions()[-1]}"):
            look(engine)


def test_processes_that_start_at_once_migrate_once(empty: Engine):
    with held(empty) as connection:
        processes = [start_migrating(empty) for _ in range(2)]
        wait_for(connection, processes)
    said = sorted(process.communicate()[0].strip() for process in processes)
    newest = revisions()[-1]
    assert said == [f"{newest}>{newest}", f">{newest}"]


def test_whoever_waited_sees_that_there_is_nothing_left_to_do(empty: Engine):
    newest = revisions()[-1]
    with held(empty) as connection:
        late = start_migrating(empty)
        wait_for(connection, [late])
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": newest})
    assert late.communicate()[0].strip() == f"{newest}>{newest}"


@contextmanager
def held(engine: Engine) -> Iterator[Connection]:
    """Hold the lock of whoever migrates, in a transaction that is committed at the end."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        yield connection


def start_migrating(engine: Engine) -> subprocess.Popen[str]:
    script = (
        "import sys\nfrom core.db.engine import create_engine\nfrom core.db.migrate import migrate\n"
        "print(*migrate(create_engine(sys.argv[1])), sep='>')"
    )
    command = [sys.executable, "-c", script, engine.url.render_as_string(hide_password=False)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def wait_for(connection: Connection, processes: list[subprocess.Popen[str]]) -> None:
    """Until all of them have seen an empty database and wait for their turn."""
    question = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    while connection.scalar(text(question)) != len(processes):
        assert all(process.poll() is None for process in processes)
        connection.execute(text("SELECT pg_sleep(0.02)"))


def test_a_start_with_nothing_to_migrate_does_not_import_alembic(engine: Engine):
    script = (
        "import sys, time\nfrom core.db.engine import create_engine\nfrom core.db.migrate import migrate\n"
        "engine = create_engine(sys.argv[1])\nmigrate(engine)\nprint('alembic' in sys.modules)"
    )
    url = engine.url.render_as_string(hide_password=False)
    run = subprocess.run([sys.executable, "-c", script, url], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_alembic_command_uses_the_settings(empty: Engine):
    environment = os.environ | {"DB_CONNECTION_STRING": empty.url.render_as_string(hide_password=False)}
    alembic_command = [sys.executable, "-m", "alembic"]
    subprocess.run([*alembic_command, "upgrade", "head"], cwd=ROOT, env=environment, check=True)
    assert check(empty).before == revisions()[-1]
    subprocess.run([*alembic_command, "check"], cwd=ROOT, env=environment, check=True, capture_output=True)


def test_a_database_that_cannot_hold_every_text_is_refused(databases: Databases):
    with databases.empty("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0") as url:
        engine = create_engine(url)
        with pytest.raises(ConfigurationError, match=r"SQL_ASCII.*CREATE DATABASE aryabhatta ENCODING 'UTF8'"):
            migrate(engine)
        engine.dispose()


@pytest.fixture
def plain(empty: Engine) -> Iterator[Engine]:
    """The empty database as an account sees it that may make tables there and no extension."""
    name = f"plain_{empty.url.database}"
    with empty.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'plain'"))
        connection.execute(text(f"GRANT ALL ON SCHEMA public TO {name}"))
    engine = create_engine(empty.url.set(username=name, password="plain").render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with empty.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


def test_an_account_that_may_not_make_the_extension_is_told_what_the_administrator_runs(empty: Engine, plain: Engine):
    with pytest.raises(ConfigurationError, match=r"needs the extension pg_trgm.*: CREATE EXTENSION pg_trgm;$"):
        migrate(plain)
    assert check(plain).before == ""
    with empty.begin() as connection:
        connection.execute(text("CREATE EXTENSION pg_trgm"))
    assert migrate(plain) == Migrated("", revisions()[-1])


def test_the_client_speaks_unicode_whatever_the_environment_says(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT '🧮'")) == "🧮"
    engine.dispose()
