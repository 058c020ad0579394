"""`worker`: execute runs that others queue, on this or any other machine, on the same database."""

import signal
import sys
import threading

import click
import msgspec

from core.bootstrap import build
from core.cli.exits import Exit
from core.cli.printing import print_line
from core.cli.session import settings


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Runs at once.")
def worker(concurrency: int) -> int:
    """Execute runs that others queue.

    Those that dead workers left as well, until Ctrl-C or SIGTERM.
    """
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    app = build(msgspec.structs.replace(settings(), execute=True, concurrency=concurrency), adopt=True)
    try:
        app.executor.start()
        print_line(f"Executing runs, at most {concurrency} at once. Ctrl-C lets go of them.", sys.stderr)
        over.wait()
    finally:
        app.close()
    return Exit.DONE
