"""One fact that touches several tables is one transaction, forgotten unless it is committed."""

from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session


class UnitOfWork:
    """`with UnitOfWork(engine) as unit:` … `unit.commit()`; leaving without a commit rolls back.

    `snapshot`: everything read in it is of one moment, however many statements read it.
    """

    session: Session

    def __init__(self, engine: Engine, *, snapshot: bool = False) -> None:
        self._engine, self._snapshot = engine, snapshot

    def __enter__(self) -> Self:
        self.session = Session(self._engine, expire_on_commit=False)
        if self._snapshot:
            self.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def commit(self) -> None:
        """Make what was done so far last. What follows begins a new transaction."""
        self.session.commit()
