"""Who is alive. A worker holds a session advisory lock on a connection of its own while it lives.

kill -9 closes the socket and Postgres frees the lock at once; a machine that loses power is noticed by
the server's TCP keepalive. So liveness is the database's answer, never a process id or a clock.
"""

import os
import socket
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Engine

from core.errors import Unavailable
from core.repositories.line import Line

NAMESPACE = 0x41727961
"""First half of our advisory locks' keys ('Arya'), apart from those of migrations and of other programs."""
_LOCK = "SELECT pg_try_advisory_lock(%(ns)s, hashtext(%(name)s))"
_ENTER = """
INSERT INTO workers (name, key, host, pid, adopts)
VALUES (%(name)s, hashtext(%(name)s), %(host)s, %(pid)s, %(adopts)s)
    ON CONFLICT (name) DO UPDATE
       SET started_at = now(), host = excluded.host, pid = excluded.pid, adopts = excluded.adopts
"""
_BURY = """
DELETE FROM workers w
 USING (SELECT name, pg_try_advisory_lock(%(ns)s, key) AS got, key FROM workers WHERE name <> %(me)s) AS d
 WHERE w.name = d.name AND d.got
RETURNING w.name, pg_advisory_unlock(%(ns)s, d.key)
"""


class Presence:
    """One worker's connection: its lock, its ear for notifications. Used by one thread."""

    def __init__(self, engine: Engine, name: str, channels: Sequence[str] = (), adopts: int = 0) -> None:
        """`adopts`: how many runs it takes up at once that others queued or left."""
        self._adopts = adopts
        self._line = Line(engine, "the worker", channels)
        self.name = name

    def announce(self) -> None:
        """Take the lock and listen, unless that holds already.

        Raises `Unavailable`, also while another process, or an earlier connection of this one, has the lock.
        """
        if self._line.answers():
            return
        self._line.open()
        self._enter()

    def _enter(self) -> None:
        """The lock first: who has a row and no lock is dead."""
        who = {
            "ns": NAMESPACE,
            "name": self.name,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "adopts": self._adopts,
        }
        if not self._line.execute(_LOCK, who).scalar_one():
            raise self._line.lost(Unavailable(f"a worker named {self.name} is alive already"))
        self._line.execute(_ENTER, who)
        self._line.listen()

    def wait(self, timeout_s: float) -> list[tuple[str, str]]:
        """Notifications (channel, payload), as soon as there are any, or none after the timeout.

        Raises `Unavailable` when the connection, and with it the lock, is gone.
        """
        if not self._line.is_open:
            raise Unavailable("the worker has no connection to the database")
        return self._line.wait(timeout_s)

    def interrupt(self) -> None:
        """End a `wait` of another thread now."""
        self._line.interrupt()

    def notify(self, channel: str, payload: str) -> None:
        """Tell every process that listens. Raises `Unavailable`."""
        values = {"channel": channel, "payload": payload}
        self._line.execute("SELECT pg_notify(%(channel)s, %(payload)s)", values)

    def bury_dead(self) -> list[str]:
        """Names of workers that are gone, each reported by exactly one of the living. Raises `Unavailable`."""
        return [row[0] for row in self._line.execute(_BURY, {"ns": NAMESPACE, "me": self.name})]

    def leave(self) -> None:
        """Stop being a worker. What fails on the way is finished by the end of the connection."""
        with suppress(Unavailable):
            self._line.execute("DELETE FROM workers WHERE name = %(name)s", {"name": self.name})
        self._line.close()
