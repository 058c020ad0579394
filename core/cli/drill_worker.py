"""A worker of the crash drill: drives the runs it is told on stdin, and dies where it is told. Not for people."""

import os
import signal
import sys

import msgspec

from core.bootstrap import App, build
from core.cli.session import settings
from core.engine.boundaries import with_boundaries
from core.services.drill_workers import Greeting, Order, Rested

_REST_LIMIT_S = 30.0


class Boundaries:
    """Remembers what a run crosses, and ends the process where it is to die: nothing runs after a SIGKILL."""

    def __init__(self) -> None:
        self.crossed: list[str] = []
        self._die_at = ""

    def begin(self, die_at: str) -> None:
        self.crossed, self._die_at = [], die_at

    def reached(self, boundary: str) -> None:
        self.crossed.append(boundary)
        if boundary == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    boundaries = Boundaries()
    app = build(settings(), adopt=False, around=lambda ports: with_boundaries(ports, boundaries.reached))
    try:
        _say(Greeting(owner=app.executor.name))
        for line in sys.stdin.buffer:
            order = msgspec.json.decode(line, type=Order)
            boundaries.begin(order.die_at)
            _say(Rested(status=_driven(app, order), boundaries=tuple(boundaries.crossed)))
    finally:
        app.close()


def _driven(app: App, order: Order) -> str:
    """The status in which the run came to rest, or in which it hangs."""
    app.executor.submit(order.run_id, app.runs.events(order.run_id) if order.is_ours else None)
    run = app.runs.wait(order.run_id, _REST_LIMIT_S)
    return run.status if run else "missing"


def _say(word: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(word) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
