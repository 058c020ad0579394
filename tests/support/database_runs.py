"""Runs in a real database, driven by a real worker with planned models and counted tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine, text

from core import ids
from core.domain.event import Claimed, Created, Event
from core.domain.run import Run, RunSpec
from core.engine.feed import Feed
from core.engine.ports import Ports
from core.engine.worker import RUNS, TEXT, Worker
from core.engine.writer import GroupWriter
from core.repositories.claims import Claims
from core.repositories.journal import JournalRepository
from core.repositories.journal_store import JournalStore
from core.repositories.presence import Presence


def record_run(
    engine: Engine, spec: RunSpec, owner: str | None = None, lease_s: float = 15.0, priority: int = 0
) -> tuple[UUID, list[Event]]:
    """A new run: queued, or claimed by `owner`."""
    run = Run(
        id=ids.new_id(),
        kind="cli",
        status="running" if owner else "queued",
        input="hello",
        created_at=datetime.now(UTC),
        epoch=1 if owner else 0,
        lease_owner=owner,
        priority=priority,
    )
    facts = [Created(spec=spec, input="hello"), *([Claimed(by=owner)] if owner else [])]
    with engine.begin() as connection:
        return run.id, JournalRepository(connection).create(run, facts, lease_s)


def journal_of(engine: Engine, run_id: UUID) -> list[Event]:
    with engine.connect() as connection:
        return JournalRepository(connection).read(run_id)


def status_of(engine: Engine, run_id: UUID) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT status FROM runs WHERE id = :id"), {"id": run_id}).scalar_one())


def crew(
    engine: Engine,
    model,
    tools,
    *,
    name="worker",
    adopt=0,
    lease_s=15.0,
    feed=None,
    now=None,
    around=lambda ports: ports,
) -> tuple[Worker, Ports]:
    """A worker, not started, and its ports."""
    feed = feed or Feed()
    writer = GroupWriter(JournalStore(engine, name))
    claims = Claims(engine, name, "test", lease_s)
    worker = Worker(claims, Presence(engine, name, (RUNS, TEXT)), writer, feed, lease_s=lease_s, adopt=adopt)
    ports = Ports(
        journal=writer,
        model=model,
        tools=tools,
        observer=feed,
        now=now or (lambda: datetime.now(UTC)),
        holds_lease=worker.holds_lease,
        lease_again=worker.lease_again,
    )
    return worker, around(ports)


@contextmanager
def working(engine: Engine, model, tools, **changes) -> Iterator[Worker]:
    """A running worker; stopped in order afterwards."""
    worker, ports = crew(engine, model, tools, **changes)
    worker.start(ports)
    try:
        yield worker
    finally:
        worker.stop()


def until_rests(engine: Engine, feed: Feed, run_id: UUID, timeout_s: float = 10.0) -> str:
    """The status a run comes to rest in; fails when it does not in time."""
    deadline = datetime.now(UTC).timestamp() + timeout_s
    with feed.watch(run_id) as watch:
        while (status := status_of(engine, run_id)) in {"queued", "running"}:
            assert datetime.now(UTC).timestamp() < deadline, f"still {status}: {journal_of(engine, run_id)[-1].kind}"
            watch.news_blocking(0.2)
    return status
