"""The engine: which server, how it is reached, and what is said when it is not."""

from typing import Any

import msgspec
import psycopg2
import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError

from core.errors import AryabhattaError, ConfigurationError, Unavailable
from core.settings import Settings

DRIVER = "postgresql+psycopg2"
_DRIVERS = {"postgres", "postgresql", DRIVER, "postgresql+psycopg"}
"""Schemes that mean libpq's options; another driver's options would mean something else."""
_EXAMPLE = "postgresql://user:password@host:5432/database"
_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied for database")
"""What the server says when waiting would not help: the connection string is wrong."""
_NO_ROOM = ("too many clients", "too many connections", "remaining connection slots")
"""What it says when others have every connection: waiting helps, and so would fewer of us."""
_DISK_FULL = "53100"
"""SQLSTATE; the one refusal of a statement that neither the code nor the data is to blame for."""
_CONNECT_ARGUMENTS: dict[str, str | int] = {
    "application_name": "aryabhatta",
    "client_encoding": "utf8",  # whatever PGCLIENTENCODING or the server's own default says
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 45_000,
}
"""A server that lost its power is noticed within a minute, not after the two hours of TCP's own default."""


def database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the workspace's database; the embedded server is started if none is given.

    Raises `ConfigurationError` when DB_CONNECTION_STRING cannot be used, never repeating it: it has a password.
    """
    return normalised(settings.database_url) if settings.database_url else _embedded_url(settings)


def normalised(given: str) -> str:
    """Any usual spelling of a Postgres URL as one that names our driver."""
    try:
        url = make_url(given.strip())
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"DB_CONNECTION_STRING is not a database URL. It looks like {_EXAMPLE}; special characters of a password "
            "are written as %-codes."
        ) from None
    if url.drivername not in _DRIVERS:
        raise ConfigurationError(
            f"DB_CONNECTION_STRING names {url.drivername!r}; Aryabhatta keeps its data in PostgreSQL: {_EXAMPLE}"
        )
    return url.set(drivername=DRIVER).render_as_string(hide_password=False)


def create_engine(url: str) -> Engine:
    """An engine whose failures to reach the server are `Unavailable`, or `ConfigurationError` where it says no."""
    target = make_url(normalised(url))
    engine = sqlalchemy.create_engine(
        target,
        connect_args={key: value for key, value in _CONNECT_ARGUMENTS.items() if key not in target.query},
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=15,
        pool_recycle=1800,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _use_utc)
    event.listen(engine, "handle_error", _explain)
    return engine


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _embedded_url(settings: Settings) -> str:
    try:
        from core.db.embedded import ensure_postgres  # noqa: PLC0415 (needs a POSIX system)
    except ModuleNotFoundError as error:
        if error.name not in {"fcntl", "pwd"}:
            raise
        raise ConfigurationError(
            "This system has no file locks of the kind that the embedded database needs. Set DB_CONNECTION_STRING to "
            f"a PostgreSQL server of yours: {_EXAMPLE}"
        ) from None
    return ensure_postgres(settings.home)


def _connect(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Connect; where it is our own embedded server that died, start it again first."""
    try:
        return psycopg2.connect(*arguments, **options)
    except psycopg2.OperationalError:
        if not _revived(options.get("host")):
            raise
    return psycopg2.connect(*arguments, **options)


def _revived(host: object) -> bool:
    if not isinstance(host, str) or not host.startswith("/"):
        return False
    from core.db.embedded import revive  # noqa: PLC0415 (needs a POSIX system, as a socket does)

    return revive(host)


def _use_utc(connection: Any, _record: Any) -> None:
    """Instants are read back in UTC on every server, so that their text, and its hash, is the same."""
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _explain(context: ExceptionContext) -> None:
    """Raise our own error where the server was not reached, went away or has no room; leave all others alone."""
    if context.is_pre_ping or isinstance(context.original_exception, AryabhattaError):
        return
    if getattr(context.original_exception, "pgcode", "") == _DISK_FULL:
        raise Unavailable(
            "The disk of the database is full. Make room, then try again; what was committed is safe."
        ) from context.original_exception
    if (context.connection is None or context.is_disconnect) and context.engine is not None:
        raise _unreached(context.engine.url, str(context.original_exception)) from context.original_exception


def _unreached(url: URL, reason: str) -> AryabhattaError:
    server = url.render_as_string(hide_password=True)
    said = reason.strip().splitlines()[0] if reason.strip() else "no reason was given"
    if any(refusal in reason for refusal in _REFUSALS):
        return ConfigurationError(f"The database refuses {server}: {said}. Correct DB_CONNECTION_STRING.")
    if any(word in reason for word in _NO_ROOM):
        return Unavailable(
            f"The database has no connection left at {server}: {said}. Raise its max_connections, or run fewer "
            "processes on it; what was committed is safe."
        )
    return Unavailable(
        f"The database does not answer at {server}: {said}. Start it, or correct DB_CONNECTION_STRING; "
        "what was committed is safe."
    )
