"""One embedded server for a whole test session, and a fresh migrated database for each test that wants one."""

import itertools
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from sqlalchemy import make_url

from core.db.embedded import ensure_postgres, leave_postgres
from core.db.engine import create_engine
from core.db.locks import locked
from core.db.migrate import migrate

_TEMPLATE = "migrated"
_numbers = itertools.count()


class Databases:
    """The server in `home`, shared by all worker processes of the session."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._url = make_url(ensure_postgres(home, "postgres", durable=False))
        with locked(home / "template.lock"):
            if not self._has_template():
                self._make_template()

    def close(self) -> None:
        """Leave the server; the last worker process of the session stops it."""
        leave_postgres(self._home)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a migrated and otherwise empty database, dropped afterwards."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
        try:
            yield self._url_of(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def empty(self, options: str = "") -> Iterator[str]:
        """The URL of a database without any table, dropped afterwards."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} {options}")
        try:
            yield self._url_of(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _make_template(self) -> None:
        unfinished = f"{_TEMPLATE}_unfinished"
        self._run(f"DROP DATABASE IF EXISTS {unfinished}", f"CREATE DATABASE {unfinished}")
        engine = create_engine(self._url_of(unfinished))
        migrate(engine)
        engine.dispose()  # nobody may be connected to what is copied
        self._run(f"ALTER DATABASE {unfinished} RENAME TO {_TEMPLATE}")

    def _has_template(self) -> bool:
        return bool(self._run(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'"))

    def _url_of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, *statements: str) -> list[tuple[object, ...]]:
        dsn = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
