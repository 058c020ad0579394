"""pgvector, the extension that compares vectors: made ready where it is, named where it is not."""

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

_LOCK = 0x76656374
_NAME = "vector"
_ABSENT = "This database server has no pgvector, so passages are found by their words alone."


def vectors_problem(engine: Engine) -> str:
    """Why vectors cannot be compared in this database, as a sentence; empty: they can. The extension is made ready."""
    named = {"name": _NAME}
    with engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = :name"), named):
            return ""
        if not connection.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = :name"), named):
            return _ABSENT
    try:
        with engine.begin() as connection:  # two who make it at once would be in each other's way
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0]
        return f"pgvector is there, and this account may not make it ready ({said}). CREATE EXTENSION vector does it."
    return ""
