"""A connection that one thread keeps for itself: for locks that live as long as it does, and for notifications."""

import os
import select
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from core.errors import AryabhattaError, Unavailable

_NOTICE_A_DEAD_PEER = (
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
"""The server's side of this connection: a machine without power keeps its locks for 20 s, not for two hours."""


class Line:
    """Used by one thread; `interrupt` comes from any other. Every method that reaches the database raises `Unavailable`
    when that does not answer; the connection, and what it held, is gone then.
    """

    def __init__(self, engine: Engine, whose: str, channels: Sequence[str] = ()) -> None:
        """`whose`: who is said to have lost it. It hears notifications on `channels`."""
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._whose, self._channels = whose, tuple(channels)
        self._connection: Connection | None = None
        self._ear = self._bell = -1
        self._bell_lock = threading.Lock()
        """A bell that was closed may be another file by the time it is rung."""

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open(self) -> None:
        """Connect. It hears nothing before `listen`."""
        self.prepare()
        try:
            self._connection = self._engine.connect()
            for setting in _NOTICE_A_DEAD_PEER:
                self._connection.exec_driver_sql(setting)
        except (AryabhattaError, DBAPIError) as error:
            raise self.lost(error) from error

    def prepare(self) -> None:
        """From now on an `interrupt` ends the next `wait`."""
        if self._ear < 0:
            self._ear, self._bell = os.pipe()
            os.set_blocking(self._bell, False)

    def listen(self) -> None:
        for channel in self._channels:
            self.execute(f"LISTEN {channel}")

    def answers(self) -> bool:
        """Whether it is open and the server is there."""
        try:
            self.execute("SELECT 1")
        except Unavailable:
            return False
        return True

    def execute(self, statement: str, values: dict[str, Any] | None = None) -> Any:
        if self._connection is None:
            raise Unavailable(f"{self._whose} has no connection to the database")
        try:
            return self._connection.exec_driver_sql(statement, values)
        except (AryabhattaError, DBAPIError) as error:
            raise self.lost(error) from error

    def wait(self, timeout_s: float | None) -> list[tuple[str, str]]:
        """Notifications (channel, payload), as soon as there are any, or none after the timeout; None: no timeout."""
        raw: Any = self._connection.connection.dbapi_connection if self._connection else None
        try:
            # What came in beside another statement's answer stands in the list already, and wakes nobody.
            came = 0 if raw and raw.notifies else timeout_s
            ready, _, _ = select.select([raw, self._ear] if raw else [self._ear], [], [], came)
            if self._ear in ready:
                os.read(self._ear, 64)
            if raw:
                raw.poll()
        except (psycopg2.Error, OSError, ValueError) as error:
            raise self.lost(error) from error
        told = [(notice.channel, notice.payload) for notice in raw.notifies] if raw else []
        if raw:
            raw.notifies.clear()
        return told

    def interrupt(self) -> None:
        """End a `wait` of another thread now."""
        with self._bell_lock, suppress(OSError):  # it rings already, or nobody listens any more
            os.write(self._bell, b"!")

    def lost(self, error: Exception) -> Unavailable:
        """End the connection over `error`; what to raise."""
        self.drop()
        if isinstance(error, Unavailable):
            return error
        said = str(error).strip().partition("\n")[0]
        return Unavailable(f"{self._whose} lost its connection to the database: {said}")

    def drop(self) -> None:
        """End the connection, never give it back: its locks and its ear would go to the pool with it."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        with self._bell_lock:
            if self._ear >= 0:
                os.close(self._ear)
                os.close(self._bell)
                self._ear = self._bell = -1
        self.drop()
