"""What an operator wants to see: the database, who executes runs, what waits, and what was spent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Engine

from core.db.migrate import check
from core.db.unit import UnitOfWork
from core.domain.run import Run
from core.domain.run_query import RunFilter, RunTotals
from core.repositories.runs import RunRepository
from core.repositories.workers import WorkerRepository
from core.repositories.workspace import TableSize, WorkspaceRepository
from core.settings import Settings

__all__ = ["DatabaseFacts", "OperationService", "TableSize", "WorkerFacts", "Workforce"]


class DatabaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing in it names a password."""

    is_embedded: bool
    where: str
    """A folder, or host and database of a server."""
    version: str
    revision: str
    size_bytes: int
    tables: tuple[TableSize, ...]


class WorkerFacts(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    host: str
    pid: int
    started_at: datetime
    adopts: int
    """How many runs it takes up at once that others queued or left; 0: only those that are started in it."""
    is_alive: bool
    """False: it is gone, and nobody took over from it yet."""
    is_this: bool
    """The process that answers."""
    runs: tuple[Run, ...]
    """What it executes right now."""


class Workforce(msgspec.Struct, frozen=True, kw_only=True):
    workers: tuple[WorkerFacts, ...]
    queued: int = 0
    held: int = 0
    running: int = 0
    waiting: int = 0


class OperationService:
    """Reads only. Every method raises `Unavailable` when the database does not answer."""

    def __init__(self, engine: Engine, settings: Settings, owner: str) -> None:
        self._engine, self._settings, self._owner = engine, settings, owner

    def database(self) -> DatabaseFacts:
        revision = check(self._engine).before
        with UnitOfWork(self._engine) as unit:
            workspace = WorkspaceRepository(unit.session.connection())
            size_bytes, tables = workspace.size_bytes(), tuple(workspace.largest())
        url = self._engine.url
        server = f"{url.host or 'socket'}{f':{url.port}' if url.port else ''}, database {url.database}"
        is_embedded = not self._settings.database_url
        return DatabaseFacts(
            is_embedded=is_embedded,
            where=str(self._settings.home / "postgres") if is_embedded else server,
            version=".".join(map(str, self._engine.dialect.server_version_info or ())),
            revision=revision,
            size_bytes=size_bytes,
            tables=tables,
        )

    def workforce(self) -> Workforce:
        """Everybody who executes runs on this database, with what is under way."""
        with UnitOfWork(self._engine) as unit:
            listed = WorkerRepository(unit.session.connection()).list()
            runs = RunRepository(unit.session)
            counts, executed = runs.counts(), runs.executed()
        by_owner = _by_owner(executed)
        workers = tuple(
            WorkerFacts(**one._asdict(), is_this=one.name == self._owner, runs=by_owner.get(one.name, ()))
            for one in listed
        )
        return Workforce(workers=workers, **counts)

    def spent(self, days: int) -> RunTotals:
        """Of the runs that began within so many days."""
        with UnitOfWork(self._engine) as unit:
            return RunRepository(unit.session).totals(RunFilter(since=datetime.now(UTC) - timedelta(days=days)))


def _by_owner(runs: list[Run]) -> Mapping[str, tuple[Run, ...]]:
    found: dict[str, tuple[Run, ...]] = {}
    for run in runs:
        owner = run.lease_owner or ""
        found[owner] = (*found.get(owner, ()), run)
    return found
