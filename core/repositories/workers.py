"""Who executes runs, and whether they live: the table `workers`, and the locks that the living hold."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from core.repositories.presence import NAMESPACE

_LIST = """
SELECT w.name, w.host, w.pid, w.started_at, w.adopts, EXISTS (
           SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = :namespace
              AND objid = (w.key::bigint & 4294967295)::oid
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
  FROM workers w ORDER BY w.started_at, w.name
"""


class Listed(NamedTuple):
    name: str
    host: str
    pid: int
    started_at: datetime
    adopts: int
    is_alive: bool


class WorkerRepository:
    """Over one connection; reads only. A worker itself speaks through `Presence`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> list[Listed]:
        """The oldest first."""
        return [Listed(*row) for row in self._connection.execute(text(_LIST), {"namespace": NAMESPACE})]
