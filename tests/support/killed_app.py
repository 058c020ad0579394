"""A whole App in a process of its own, killed at a boundary of one of its runs.

    python -m tests.support.killed_app '{"settings": …, "port": …, "boundary": "after call 1.0"}'

Reads the id of a run on stdin, goes on with it, and kills itself (SIGKILL) when a run comes to the boundary.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import msgspec

from core.bootstrap import build
from core.engine.boundaries import with_boundaries
from core.settings import Settings

ROOT = Path(__file__).parents[2]


class Plan(msgspec.Struct, kw_only=True):
    home: str
    url: str
    run_id: UUID
    boundary: str
    at: int = 1
    """Which of several times it is come to."""


def killed_at(settings: Settings, run_id: UUID, boundary: str, at: int = 1) -> None:
    """Let such a process go on with the run; it is dead when this returns."""
    plan = Plan(home=str(settings.home), url=settings.database_url or "", run_id=run_id, boundary=boundary, at=at)
    command = [sys.executable, "-m", __name__, msgspec.json.encode(plan).decode()]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def main() -> None:
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    seen: list[str] = []

    def reached(boundary: str) -> None:
        seen.extend([boundary] if boundary == plan.boundary else [])
        if len(seen) == plan.at:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = Settings(home=Path(plan.home), database_url=plan.url)
    app = build(settings, adopt=False, around=lambda ports: with_boundaries(ports, reached))
    app.executor.start()
    app.runs.resume(plan.run_id)
    app.runs.wait(plan.run_id, 40)
    sys.exit("the run came to rest and never to the boundary")


if __name__ == "__main__":
    main()
