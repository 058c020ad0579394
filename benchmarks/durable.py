"""What a queue costs: runs a second over two workers, what they cost while idle, how soon a dead one's run goes on.

    .venv/bin/python -m benchmarks.durable [queue] [idle] [takeover]      default: all three, about two minutes

Workers are `python -m core worker`, as a person starts them, on an embedded Postgres of the benchmark's own.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import UUID

import psutil
from sqlalchemy import Engine, text

from benchmarks.loop import Process
from core import ids
from core.db.embedded import leave_postgres
from core.db.engine import create_engine, database_url
from core.db.migrate import migrate
from core.domain.endpoint import Endpoint
from core.domain.event import Created
from core.domain.run import Run, RunSpec
from core.repositories.journal import JournalRepository
from core.settings import Settings

ROOT = Path(__file__).parents[1]
RUNS = 500
IDLE_S = 20.0
DEATHS = 5
LIMIT_S = 120.0


class Workers:
    """Two worker processes on one database."""

    def __init__(self, home: Path) -> None:
        self._environment = os.environ | {"ARYABHATTA_HOME": str(home), "PYTHONPATH": str(ROOT)}
        self._environment.pop("DB_CONNECTION_STRING", None)
        self.processes = [self._start() for _ in range(2)]

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "worker"],
            cwd=ROOT,
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        while "Executing runs" not in process.stderr.readline():
            assert process.poll() is None, "the worker did not start"
        return process

    def kill(self, pid: int) -> float:
        """When it was killed; another takes its place."""
        (victim,) = (process for process in self.processes if process.pid == pid)
        at = time.time()
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.processes.remove(victim)
        return at

    def replace(self) -> None:
        self.processes.append(self._start())

    def cpu_s(self) -> float:
        return sum(sum(psutil.Process(process.pid).cpu_times()[:2]) for process in self.processes)

    def close(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()


def enqueue(engine: Engine, base_url: str, count: int) -> list[UUID]:
    spec = RunSpec(instructions="Be short.", endpoint=Endpoint(name="b", kind="openai", base_url=base_url), model="m")
    made = [ids.new_id() for _ in range(count)]
    with engine.begin() as connection:
        journal = JournalRepository(connection)
        for run_id in made:
            run = Run(id=run_id, kind="cli", status="queued", input="hello", created_at=datetime.now(UTC))
            journal.create(run, [Created(spec=spec, input="hello")])
    return made


def wait_for(engine: Engine, condition: str, count: int, **values: object) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.execute(text(f"SELECT count(*) FROM {condition}"), values).scalar_one() >= count:
                return
        time.sleep(0.02)
    raise SystemExit(f"not in {LIMIT_S:g} s: {condition}")


def queue(engine: Engine, base_url: str, workers: Workers) -> None:
    """From the commit that queues them to the last end, both as the database's clock has them."""
    enqueue(engine, f"{base_url}/c0-t5-w100-r0/v1", 20)
    wait_for(engine, "runs WHERE status = 'done'", 20)
    rates = []
    for round_ in range(1, 4):
        before_s, began = workers.cpu_s(), time.monotonic()
        enqueue(engine, f"{base_url}/c0-t5-w100-r0/v1", RUNS)
        queued_s = time.monotonic() - began
        wait_for(engine, "runs WHERE status = 'done'", 20 + round_ * RUNS)
        took_s = time.monotonic() - began - queued_s
        cpu_ms = (workers.cpu_s() - before_s) / RUNS * 1000
        rates.append(RUNS / took_s)
        print(f"{RUNS} queued runs, 2 workers, 100 ms: {RUNS / took_s:.0f} runs/s, {cpu_ms:.1f} ms of CPU a run")
    print(f"median {median(rates):.0f} runs/s (target: 40)")


def idle(engine: Engine, home: Path, workers: Workers) -> None:
    """Statements are counted in the server's own log, by the worker's share of two."""
    log = home / "postgres/data/log"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM SET log_statement = 'all'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    time.sleep(3)
    before_s, before = workers.cpu_s(), statements(log)
    time.sleep(IDLE_S)
    cpu, count = (workers.cpu_s() - before_s) / 2 / IDLE_S, (statements(log) - before) / 2 / IDLE_S
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM RESET log_statement"))
        connection.execute(text("SELECT pg_reload_conf()"))
    print(f"an idle worker: {cpu:.2%} of a core (target: under 1 %), {count:.1f} statements a second")


def statements(log: Path) -> int:
    return sum(file.read_bytes().count(b" statement: ") for file in log.glob("*.log"))


def takeover(engine: Engine, base_url: str, workers: Workers) -> None:
    """From the kill -9 of the process that drives a run to the entry with which the other one claims it."""
    waits = []
    for _ in range(DEATHS):
        (run_id,) = enqueue(engine, f"{base_url}/c0-t5-w5000-r0/v1", 1)
        wait_for(engine, "run_events WHERE run_id = :id AND kind = 'started'", 1, id=run_id)
        with engine.connect() as connection:
            pid = connection.execute(
                text("SELECT w.pid FROM workers w JOIN runs r ON r.lease_owner = w.name WHERE r.id = :id"),
                {"id": run_id},
            ).scalar_one()
        killed_at = workers.kill(pid)
        wait_for(engine, "run_events WHERE run_id = :id AND kind = 'claimed'", 2, id=run_id)
        with engine.connect() as connection:
            claimed_at = connection.execute(
                text("SELECT max(at) FROM run_events WHERE run_id = :id AND kind = 'claimed'"), {"id": run_id}
            ).scalar_one()
        waits.append(claimed_at.timestamp() - killed_at)
        workers.replace()
    shown = ", ".join(f"{wait:.2f}" for wait in waits)
    print(f"a dead worker's run is taken over after {median(waits):.2f} s (median of {shown})")


def main(wanted: set[str]) -> None:
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        home.chmod(0o755)
        settings = Settings(home=home)
        engine = create_engine(database_url(settings))
        stack.callback(leave_postgres, home)
        stack.callback(engine.dispose)
        migrate(engine)
        server = Process("server.py")
        stack.callback(server.close)
        base_url = f"http://127.0.0.1:{server.greeting}"
        workers = Workers(home)
        stack.callback(workers.close)
        if "queue" in wanted:
            queue(engine, base_url, workers)
        if "idle" in wanted:
            idle(engine, home, workers)
        if "takeover" in wanted:
            takeover(engine, base_url, workers)


if __name__ == "__main__":
    main(set(sys.argv[1:]) or {"queue", "idle", "takeover"})
