"""The migrated schema is the one that the tables describe, name by name."""

import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from core.db.engine import create_engine
from core.db.tables import metadata
from tests.support import catalog


@pytest.fixture
def migrated(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def described(empty_database_url: str) -> Iterator[Connection]:
    """A connection to a database made from the tables, without migrations."""
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE EXTENSION pg_trgm"))
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def test_autogenerate_finds_nothing_to_do(migrated: Connection):
    assert compare_metadata(MigrationContext.configure(migrated), metadata) == []


def test_every_column_constraint_and_index_is_the_same(migrated: Connection, described: Connection):
    assert catalog.tables(migrated) == catalog.tables(described)


def test_every_name_says_what_it_is_and_of_which_table(migrated: Connection):
    names = [line.split()[1:3] for line in catalog.tables(migrated) if line.startswith(("constraint", "index"))]
    strange = [
        name for table, name in names if not re.fullmatch(rf"((pk|uq|fk|ck|ix)_{table}\w*|{table}_\w+_not_null)", name)
    ]
    assert names
    assert strange == []
