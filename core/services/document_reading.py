"""Reads documents that were taken in, one after the other, on a thread of its own."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
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
from core.services.document_text import read_document

_log = logging.getLogger(__name__)


class DocumentReader:
    """What has to be read stands in the database, so a process that dies loses nothing: the next one reads it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="documents")
        self._is_closed = False
        self._under_way: set[UUID] = set()
        """Stays when reading one crashes, so that it does not stand in the way of the others."""

    def wake(self) -> None:
        """There may be something to read. Returns at once."""
        if not self._is_closed:
            self._thread.submit(self._read_all).add_done_callback(_tell)

    def close(self) -> None:
        """Read no further document; the one under way is read anew by the next process."""
        self._is_closed = True
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _read_all(self) -> None:
        while not self._is_closed and (document := self._next()) is not None:
            self._under_way.add(document.id)
            self._read(document)
            self._under_way.discard(document.id)

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


def _tell(done: "Future[None]") -> None:
    if done.cancelled():
        return
    match done.exception():
        case None:
            return
        case Unavailable() as error:
            _log.warning("documents wait: %s", error)
        case error:
            _log.error("a document could not be read", exc_info=error)
