"""`worker`: execute runs that others queue, on this or any other machine, on the same database."""

import signal
import sys
import threading

import click
import msgspec

from core.bootstrap import build
from core.cli.exits import Exit, stop
from core.cli.printing import print_line
from core.cli.session import settings

_LOOK_S = 5.0
"""How often it is looked whether the worker is alive: whoever started this process starts it again."""


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Runs at once.")
def worker(concurrency: int) -> int:
    """Execute runs that others queue.

    Those that dead workers left as well, until Ctrl-C or SIGTERM.
    """
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    app = build(msgspec.structs.replace(settings("worker"), execute=True, concurrency=concurrency), adopt=True)
    try:
        app.executor.start()
        app.evaluation_loop.start()
        app.retention_loop.start()
        print_line(f"Executing runs, at most {concurrency} at once. Ctrl-C lets go of them.", sys.stderr)
        while not over.wait(_LOOK_S):
            if not app.executor.is_alive:
                stop("The worker ended by a fault of its own; the log says which. Its runs go to others.", Exit.FAILED)
    finally:
        app.close()
    return Exit.DONE
