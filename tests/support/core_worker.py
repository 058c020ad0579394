"""`python -m core worker` as people start it, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.settings import Settings

ROOT = Path(__file__).parents[2]


@contextmanager
def core_worker(settings: Settings, concurrency: int = 50) -> Iterator[subprocess.Popen]:
    """It takes up runs when this yields; ended afterwards, however it stands then."""
    given = {"DB_CONNECTION_STRING": settings.database_url, "ARYABHATTA_HOME": str(settings.home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "worker", "--concurrency", str(concurrency)],
        cwd=ROOT,
        env=os.environ | given,
        stderr=subprocess.PIPE,
    )
    try:
        while b"Executing runs" not in (line := process.stderr.readline()):
            assert line, "it ended"
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)
