"""Writes numbered lines into a home's log: `python -m tests.support.log_writer HOME NAME COUNT FILE_BYTES`."""

import logging
import sys
from pathlib import Path

from core import logs


def main(home: str, name: str, count: str, file_bytes: str) -> None:
    logs.FILE_BYTES = int(file_bytes)
    logs.KEPT_FILES = 1_000
    logs.configure("info", aloud="error", home=Path(home), process=name)
    for number in range(int(count)):
        logging.getLogger("core.test").info("%s %d %s", name, number, "x" * 100)


main(*sys.argv[1:])
