"""Logging for the process: one line an event, run ids as fields, secrets never."""

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)-5s %(name)s %(message)s"


def configure(level: str = "info") -> None:
    """Send this project's log lines of `level` and above to stderr; the libraries' from warnings up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    ours = logging.getLogger("core")
    ours.handlers[:] = [handler]
    ours.propagate = False
    ours.setLevel(level.upper())
