"""Who is alive. A worker holds a session advisory lock on a connection of its own while it lives.

kill -9 closes the socket and Postgres frees the lock at once; a machine that loses power is noticed by
the server's TCP keepalive. So liveness is the database's answer, never a process id or a clock.
"""

import os
import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from core.errors import AryabhattaError, Unavailable

NAMESPACE = 0x41727961
"""First half of our advisory locks' keys ('Arya'), apart from those of migrations and of other programs."""
_NOTICE_A_DEAD_PEER = (
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
"""The server's side of this connection: a machine without power keeps its lock for 20 s, not for two hours."""
_LOCK = "SELECT pg_try_advisory_lock(%(ns)s, hashtext(%(name)s))"
_ENTER = """
INSERT INTO workers (name, key, host, pid) VALUES (%(name)s, hashtext(%(name)s), %(host)s, %(pid)s)
    ON CONFLICT (name) DO UPDATE SET started_at = now(), host = excluded.host, pid = excluded.pid
"""


class Presence:
    """One worker's connection: its lock, its ear for notifications. Used by one thread."""

    def __init__(self, engine: Engine, name: str, channels: Sequence[str] = ()) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.name = name
        self._channels = tuple(channels)
        self._connection: Connection | None = None
        self._ear = self._bell = -1

    def announce(self) -> None:
        """Take the lock and listen, unless that holds already.

        Raises `Unavailable`, also while another process, or an earlier connection of this one, has the lock.
        """
        if self._ear < 0:
            self._ear, self._bell = os.pipe()
            os.set_blocking(self._bell, False)
        if self._answers():
            return
        try:
            self._connection = self._engine.connect()
            self._enter(self._connection)
        except (AryabhattaError, DBAPIError) as error:
            raise self._lost(error) from error

    def _answers(self) -> bool:
        try:
            self._connected().exec_driver_sql("SELECT 1")
        except (AryabhattaError, DBAPIError):
            self._drop()
            return False
        return True

    def _enter(self, connection: Connection) -> None:
        """The lock first: who has a row and no lock is dead."""
        for setting in _NOTICE_A_DEAD_PEER:
            connection.exec_driver_sql(setting)
        who = {"ns": NAMESPACE, "name": self.name, "host": socket.gethostname(), "pid": os.getpid()}
        if not connection.exec_driver_sql(_LOCK, who).scalar_one():
            raise Unavailable(f"a worker named {self.name} is alive already")
        connection.exec_driver_sql(_ENTER, who)
        for channel in self._channels:
            connection.exec_driver_sql(f"LISTEN {channel}")

    def wait(self, timeout_s: float) -> list[tuple[str, str]]:
        """Notifications (channel, payload), as soon as there are any, or none after the timeout.

        Raises `Unavailable` when the connection, and with it the lock, is gone.
        """
        raw: Any = self._connected().connection.dbapi_connection
        try:
            # What came in beside another statement's answer stands in the list already, and wakes nobody.
            ready, _, _ = select.select([raw, self._ear], [], [], 0 if raw.notifies else timeout_s)
            if self._ear in ready:
                os.read(self._ear, 64)
            raw.poll()
        except (psycopg2.Error, OSError, ValueError) as error:
            raise self._lost(error) from error
        told = [(notice.channel, notice.payload) for notice in raw.notifies]
        raw.notifies.clear()
        return told

    def interrupt(self) -> None:
        """End a `wait` of another thread now."""
        with suppress(OSError):  # it rings already, or nobody listens any more
            os.write(self._bell, b"!")

    def notify(self, channel: str, payload: str) -> None:
        """Tell every process that listens. Raises `Unavailable`."""
        try:
            values = {"channel": channel, "payload": payload}
            self._connected().exec_driver_sql("SELECT pg_notify(%(channel)s, %(payload)s)", values)
        except (AryabhattaError, DBAPIError) as error:
            raise self._lost(error) from error

    def bury_dead(self) -> list[str]:
        """Names of workers that are gone, each reported by exactly one of the living. Raises `Unavailable`."""
        try:
            rows = self._connected().exec_driver_sql(
                "DELETE FROM workers w USING (SELECT name, pg_try_advisory_lock(%(ns)s, key) AS got, key"
                " FROM workers WHERE name <> %(me)s) AS d WHERE w.name = d.name AND d.got"
                " RETURNING w.name, pg_advisory_unlock(%(ns)s, d.key)",
                {"ns": NAMESPACE, "me": self.name},
            )
            return [row[0] for row in rows]
        except (AryabhattaError, DBAPIError) as error:
            raise self._lost(error) from error

    def leave(self) -> None:
        """Stop being a worker. What fails on the way is finished by the end of the connection."""
        if self._ear >= 0:
            os.close(self._ear)
            os.close(self._bell)
            self._ear = self._bell = -1
        with suppress(AryabhattaError, DBAPIError):
            self._connected().exec_driver_sql("DELETE FROM workers WHERE name = %(name)s", {"name": self.name})
        self._drop()

    def _connected(self) -> Connection:
        if self._connection is None:
            raise Unavailable("the worker has no connection to the database")
        return self._connection

    def _lost(self, error: Exception) -> Unavailable:
        self._drop()
        if isinstance(error, Unavailable):
            return error
        said = str(error).strip().partition("\n")[0]
        return Unavailable(f"the worker lost its connection to the database: {said}")

    def _drop(self) -> None:
        """End the connection, never give it back: its lock and its ear would go to the pool with it."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
