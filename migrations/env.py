"""Runs migrations: over the connection it is handed, or over one to the database of the settings."""

from alembic import context
from sqlalchemy import Connection

from core import settings
from core.db.engine import create_engine, database_url
from core.db.tables import metadata


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


def connect_and_migrate() -> None:
    engine = create_engine(database_url(settings.load()))
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif handed := context.config.attributes.get("connection"):
    migrate(handed)
else:
    connect_and_migrate()
