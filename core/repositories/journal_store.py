"""The journal on a connection of its own, which comes back by itself when the database went away."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import psycopg2
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from core.domain.attachment import Contents
from core.domain.event import Event
from core.domain.journal import Batch, Partial
from core.errors import AryabhattaError
from core.repositories.attachments import AttachmentRepository
from core.repositories.away import away
from core.repositories.journal import JournalRepository, Written

T = TypeVar("T")


class JournalStore:
    """Writes for one worker, on one connection; reads come from any thread on connections of the pool.

    Leases are renewed on the same connection as entries are appended: on two, each statement would lock many rows
    of `runs` in an order of its own, and they would wait for each other in a circle.
    """

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._owner = owner
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def append(self, batches: Sequence[Batch]) -> Mapping[UUID, Written | Exception]:
        """Write all batches in one commit. Raises `Unavailable` when the database does not answer."""
        try:
            return self._on_own(lambda journal: journal.append(self._owner, batches))
        except (DBAPIError, psycopg2.Error) as error:
            if len(batches) == 1:
                return {batches[0].run_id: error}
            # One run's entries break a rule of the table: the others must not suffer for it.
            return {run_id: verdict for batch in batches for run_id, verdict in self.append([batch]).items()}

    def checkpoint(self, partials: Sequence[tuple[UUID, int, Partial]]) -> None:
        """Keep streamed text. Raises `Unavailable`."""
        self._on_own(lambda journal: journal.checkpoint(self._owner, partials))

    def renew(self, run_ids: Sequence[UUID], lease_s: float) -> set[UUID]:
        """Extend the leases of those runs that are still this worker's; which these are. Raises `Unavailable`."""
        return self._on_own(lambda journal: journal.renew(self._owner, lease_s, run_ids))

    def read(self, run_id: UUID) -> list[Event]:
        """A run's journal. Raises `Unavailable`."""
        return self._on_pool(lambda journal: journal.read(run_id))

    def partial(self, run_id: UUID) -> Partial | None:
        """The last checkpoint of a run. Raises `Unavailable`."""
        return self._on_pool(lambda journal: journal.partial(run_id))

    def contents(self, hashes: Collection[str]) -> Contents:
        """The bytes of files that journals name. Raises `Unavailable`."""
        return self._looked(lambda connection: AttachmentRepository(connection).contents(hashes))

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _on_own(self, work: Callable[[JournalRepository], T]) -> T:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                return work(JournalRepository(self._connection))
            except (AryabhattaError, DBAPIError, psycopg2.Error) as error:
                if (unavailable := away(error)) is None:
                    raise
                self._drop()
                raise unavailable from error

    def _on_pool(self, work: Callable[[JournalRepository], T]) -> T:
        return self._looked(lambda connection: work(JournalRepository(connection)))

    def _looked(self, look: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return look(connection)
        except (AryabhattaError, DBAPIError) as error:
            if (unavailable := away(error)) is None:
                raise
            raise unavailable from error

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
