"""Which database is meant, and what is said when it is not reached."""

import datetime as dt
import os
import socket
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import IntegrityError

from core.db.embedded import leave_postgres
from core.db.engine import create_engine, database_url, normalised
from core.errors import ConfigurationError, Unavailable
from core.settings import Settings

PASSWORD = "sesame/öffne%dich"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_every_usual_scheme_means_our_driver(scheme: str):
    url = normalised(f" {scheme}://me:p%40ss@db.example:5433/app?sslmode=require\n")
    assert url == "postgresql+psycopg2://me:p%40ss@db.example:5433/app?sslmode=require"


@pytest.mark.parametrize(
    "given",
    [
        f"mysql://me:{PASSWORD}@host/app",
        "sqlite:///file.db",
        f"postgresql+asyncpg://me:{PASSWORD}@host/app",
        f"host=localhost password={PASSWORD}",
        f"postgres://me:{PASSWORD}@host:port/app",
        "nonsense",
    ],
)
def test_anything_else_is_refused_without_repeating_the_password(given: str):
    with pytest.raises(ConfigurationError, match=r"DB_CONNECTION_STRING.*postgresql://user:password@host") as refused:
        normalised(given)
    assert "sesame" not in str(refused.value)


def test_without_a_connection_string_the_embedded_server_is_started():
    with tempfile.TemporaryDirectory(dir=os.environ["TESTS_SCRATCH"]) as folder:
        Path(folder).chmod(0o711)
        settings = Settings(home=Path(folder) / "home")
        engine = create_engine(database_url(settings))
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT current_database()")) == "aryabhatta"
        engine.dispose()
        leave_postgres(settings.home)


def test_the_server_of_the_settings_is_used(settings: Settings):
    engine = create_engine(database_url(settings))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == make_url(settings.database_url).database
    engine.dispose()


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    engine = create_engine(f"postgresql://me:sesame@127.0.0.1:{port}/app")
    with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{port}/app.*Connection refused.*Start it") as said:
        engine.connect()
    assert "sesame" not in str(said.value)


def test_a_listener_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        engine = create_engine(f"postgresql://me:sesame@127.0.0.1:{server.getsockname()[1]}/app?connect_timeout=2")
        with pytest.raises(Unavailable, match="timeout expired"):
            engine.connect()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"database": "no_such"}, "does not exist"), ({"password": "sesame"}, "password authentication failed")],
)
def test_a_server_that_refuses_is_a_matter_of_configuration(database_url: str, change: dict[str, str], said: str):
    engine = create_engine(make_url(database_url).set(**change).render_as_string(hide_password=False))
    with pytest.raises(ConfigurationError, match=f"{said}.*DB_CONNECTION_STRING") as refused:
        engine.connect()
    assert "sesame" not in str(refused.value)


def test_a_connection_that_is_cut_is_unavailable_and_the_next_one_works(engine: Engine):
    with engine.connect() as connection, engine.connect() as other:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(Unavailable, match="does not answer"):
            connection.execute(text("SELECT 1"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_connection_that_died_in_the_pool_is_not_noticed_by_anyone(engine: Engine):
    with engine.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    killer = create_engine(engine.url.render_as_string(hide_password=False))
    with killer.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    killer.dispose()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != pid


def test_errors_of_a_statement_stay_what_they_are(engine: Engine):
    insert = text("INSERT INTO workers (name, key, pid) VALUES ('w', 1, 1)")
    with engine.begin() as connection:
        connection.execute(insert)
        with pytest.raises(IntegrityError, match="pk_workers"):
            connection.execute(insert)


def test_instants_are_in_utc_whatever_the_server_prefers(engine: Engine):
    database = engine.url.database
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {database} SET timezone = 'Asia/Tokyo'"))
    engine.dispose()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT now()")).utcoffset() == dt.timedelta(0)
        assert connection.get_isolation_level() == "READ COMMITTED"


def test_the_server_sees_who_is_connected(engine: Engine):
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('application_name')")) == "aryabhatta"


def test_a_full_disk_is_said_and_is_no_fault_of_the_program(engine: Engine):
    full = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    with pytest.raises(Unavailable, match="disk of the database is full"), engine.begin() as connection:
        connection.execute(text(full))
