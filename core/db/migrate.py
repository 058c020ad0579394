"""Bring the database to the schema of this code. Revisions follow each other without branches."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from core.errors import ConfigurationError

MIGRATIONS = Path(__file__).parents[2] / "migrations"
LOCK = 0x41727961
"""Advisory lock of whoever migrates; every process that starts may try."""


class Migrated(NamedTuple):
    """The revision that was found and the one that this code needs. `before` is empty for an empty database."""

    before: str
    after: str


def migrate(engine: Engine) -> Migrated:
    """Upgrade to the newest revision, in one transaction: the schema is wholly old or wholly new.

    Raises `ConfigurationError` when the database is newer than this code, cannot hold every text, or lacks an
    extension that this account may not make.
    """
    seen = check(engine)
    if seen.before == seen.after:
        return seen
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        before = _revision(connection)  # another process may have been first
        if before != seen.after:
            upgrade(connection)
    return Migrated(before, seen.after)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the schema to a revision, inside the caller's transaction. Raises `ConfigurationError` like `migrate`."""
    from alembic import command  # noqa: PLC0415 (a start with nothing to migrate saves its import)

    _require_trigrams(connection)
    command.upgrade(_config(connection), to)


def erase(connection: Connection) -> None:
    """Drop everything that the migrations made, rows included, inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 (as above)

    if _revision(connection):
        command.downgrade(_config(connection), "base")


def check(engine: Engine) -> Migrated:
    """What `migrate` would find, changing nothing. Raises `ConfigurationError` where it would."""
    known = revisions()
    with engine.connect() as connection:
        _require_unicode(connection)
        before = _revision(connection)
    if before and before not in known:
        raise ConfigurationError(
            f"The database is at revision {before}, and this copy of Aryabhatta knows revisions up to {known[-1]}. "
            "Install the newest one, or set DB_CONNECTION_STRING to another database."
        )
    return Migrated(before, known[-1])


def revisions() -> tuple[str, ...]:
    """All revisions of this code, oldest first, as each names the one before it: Alembic is slow to import."""
    scripts = [path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")]
    after = {_named("down_revision", script): _named("revision", script) for script in scripts}
    chain: list[str] = []
    while (following := after.get(chain[-1] if chain else "")) is not None:
        chain.append(following)
    return tuple(chain)


def _named(what: str, script: str) -> str:
    """The revision that a migration gives under this name; empty for none."""
    found = re.search(rf'^{what}(?:: .+)? = (?:"(\w+)"|None)$', script, re.MULTILINE)
    assert found, f"a migration without its {what}"
    return found[1] or ""


def _require_unicode(connection: Connection) -> None:
    # Debian makes its databases in the encoding of the locale, which is plain ASCII where none is set.
    if (encoding := connection.scalar(text("SHOW server_encoding"))) != "UTF8":
        name = connection.engine.url.database
        raise ConfigurationError(
            f"The database {name!r} keeps text as {encoding}, in which not every text can be written. Make one that "
            f"keeps UTF8, and name it in DB_CONNECTION_STRING: CREATE DATABASE aryabhatta ENCODING 'UTF8' "
            "LOCALE 'C.UTF-8' TEMPLATE template0"
        )


def _require_trigrams(connection: Connection) -> None:
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise ConfigurationError(
            f"The database {connection.engine.url.database!r} needs the extension pg_trgm, and it cannot be made here "
            f"({said}). Have the server's administrator run this in that database, then start again: "
            "CREATE EXTENSION pg_trgm;"
        ) from None


def _revision(connection: Connection) -> str:
    # Not to_regclass(): it answers from a cache, in which a table that another process just made is missing.
    table = "SELECT 1 FROM pg_class WHERE relname = 'alembic_version' AND pg_table_is_visible(oid)"
    if connection.scalar(text(table)) is None:
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _config(connection: Connection) -> Any:
    from alembic.config import Config  # noqa: PLC0415 (as above)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
