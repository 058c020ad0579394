"""Reads documents that were taken in, one after the other, on a thread of its own."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.blocks import NotReadableError
from core.domain.knowledge import Document
from core.domain.passages import Passage, passages
from core.errors import Unavailable
from core.repositories.collections import CollectionRepository
from core.repositories.documents import DocumentRepository
from core.repositories.passages import PassageRepository
from core.services.background import Background
from core.services.document_text import read_document


class DocumentReader:
    """What has to be read stands in the database, so a process that dies loses nothing: the next one reads it."""

    def __init__(self, engine: Engine, on_read: Callable[[], None]) -> None:
        self._engine, self._on_read = engine, on_read
        self._background = Background("documents", self._read_all)
        self._under_way: set[UUID] = set()
        """Stays when reading one crashes, so that it does not stand in the way of the others."""

    def wake(self) -> None:
        """There may be something to read. Returns at once."""
        self._background.wake()

    def close(self) -> None:
        """Read no further document; what waits is read by the next process."""
        self._background.close()

    def _read_all(self) -> None:
        while not self._background.is_closed and (document := self._next()) is not None:
            self._under_way.add(document.id)
            try:
                self._read(document)
            except Unavailable:
                self._under_way.discard(document.id)
                raise
            self._under_way.discard(document.id)
            self._on_read()

    def _next(self) -> Document | None:
        with UnitOfWork(self._engine) as unit:
            return DocumentRepository(unit.session).next_to_read(self._under_way)

    def _read(self, document: Document) -> None:
        with UnitOfWork(self._engine) as unit:
            content = DocumentRepository(unit.session).content(document.id)
        if content is None:
            return
        try:
            cut = list(passages(read_document(document.name, content)))
        except NotReadableError as error:
            self._keep(document, [], f"{document.name} {error}.")
        else:
            self._keep(document, cut)

    def _keep(self, document: Document, cut: list[Passage], problem: str = "") -> None:
        """All at once, unless another file stands in its place by now."""
        if self._background.is_closed:  # the database may be gone, and must not be started again by us
            return
        with UnitOfWork(self._engine) as unit:
            documents = DocumentRepository(unit.session)
            now = documents.get(document.id, lock=True)
            collection = CollectionRepository(unit.session).get(document.collection_id)
            if now is None or collection is None or (now.state, now.sha256) != ("reading", document.sha256):
                return
            PassageRepository(unit.session.connection()).replace(now, collection.language, cut)
            if problem:
                documents.set_state(now.id, "failed", reason=problem, passages=0)
            else:
                chars = sum(len(one.text) - one.overlap for one in cut)
                documents.set_state(now.id, "ready", passages=len(cut), chars=chars)
            unit.commit()
