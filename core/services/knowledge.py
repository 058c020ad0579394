"""Knowledge: collections of documents, each with a tool that searches it."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.db.vectors import vectors_problem
from core.domain.attachment import Upload
from core.domain.knowledge import MOST_DOCUMENTS, MOST_FILES, Collection, Document, Language
from core.domain.result import Err, Ok, Result
from core.repositories.collections import CollectionRepository
from core.repositories.documents import DocumentRepository, NewDocument, Totals
from core.repositories.passages import PassageRepository, StoredPassage
from core.repositories.tools import ToolRepository
from core.services.document_reading import DocumentReader
from core.services.document_text import why_not
from core.services.file_check import file_name
from core.services.keeping import keep
from core.services.meaning import Embeddings, VectorMaker
from core.services.tool_catalogue import ToolCatalogue
from core.tools.knowledge.definition import tool_name, tool_of

__all__ = ["CollectionSummary", "KnowledgeService", "StoredPassage", "Totals", "Vectors"]

_GONE = Err("not_found", "There is no such collection any more.")


class CollectionSummary(msgspec.Struct, frozen=True):
    """A collection as a list shows it."""

    collection: Collection
    totals: Totals


class Vectors(NamedTuple):
    """How many passages of how many can be found by meaning; `problem`: why it does not go on."""

    there: int = 0
    total: int = 0
    problem: str = ""


Summaries = list[CollectionSummary]


class KnowledgeService:
    """Thread-safe. Documents are read in the background; their state says how far that is."""

    def __init__(
        self,
        engine: Engine,
        catalogue: ToolCatalogue,
        reader: DocumentReader,
        vectors: VectorMaker,
        embeddings: Embeddings,
    ) -> None:
        self._engine, self._catalogue, self._reader = engine, catalogue, reader
        self._vectors, self._embeddings = vectors, embeddings

    def list(self, search: str = "") -> Summaries:
        with UnitOfWork(self._engine) as unit:
            found = CollectionRepository(unit.session).list(search.strip())
            totals = DocumentRepository(unit.session).totals(one.id for one in found)
        return [CollectionSummary(one, totals.get(one.id, Totals())) for one in found]

    def get(self, collection_id: UUID) -> Collection | None:
        with UnitOfWork(self._engine) as unit:
            return CollectionRepository(unit.session).get(collection_id)

    def create(self, name: str, who: str, description: str = "", language: Language = "english") -> Result[Collection]:
        """With the tool that searches it, whose name stays when the collection is renamed."""
        with UnitOfWork(self._engine) as unit:
            tools = ToolRepository(unit.session)
            tool = tool_name(name, tools.names() | {one.name for one in self._catalogue.list()})
            made = CollectionRepository(unit.session).add(name.strip(), description.strip(), language, tool, who)
            if isinstance(made, Err):
                return made
            added = tools.add(tool_of(made.value), "", who)
            return added if isinstance(added, Err) else keep(unit, made)

    def update(self, collection_id: UUID, name: str, description: str, language: Language) -> Result[Collection]:
        """What is told of the collection to models changes with it; its index, when the language does."""
        with UnitOfWork(self._engine) as unit:
            collections = CollectionRepository(unit.session)
            before = collections.get(collection_id)
            if before is None:
                return _GONE
            changed = collections.update(
                collection_id, name=name.strip(), description=description.strip(), language=language
            )
            if isinstance(changed, Err):
                return changed
            if language != before.language:
                documents = (one.id for one in DocumentRepository(unit.session).list(collection_id))
                PassageRepository(unit.session.connection()).use_language(documents, language)
            told = ToolRepository(unit.session).update(tool_of(changed.value), "")
            return told if isinstance(told, Err) else keep(unit, changed)

    def search_by_meaning(self, collection_id: UUID, endpoint: str, model: str) -> Result[Collection]:
        """From now on vectors of this endpoint's model are compared as well; without names, words alone again."""
        if bool(endpoint.strip()) != bool(model.strip()):
            return Err("invalid", "An endpoint and a model are needed, both.", "model")
        if endpoint and (problem := vectors_problem(self._engine)):
            return Err("unavailable", problem, "endpoint")
        with UnitOfWork(self._engine) as unit:
            changes = {"endpoint": endpoint.strip(), "model": model.strip(), "vector_fault": ""}
            changed = keep(unit, CollectionRepository(unit.session).update(collection_id, **changes))
        self._vectors.wake()
        return changed

    def vectors(self, collection_id: UUID) -> Vectors:
        """How far the vectors of a collection are."""
        with UnitOfWork(self._engine) as unit:
            collection = CollectionRepository(unit.session).get(collection_id)
            if collection is None or not collection.made_by:
                return Vectors(problem=vectors_problem(self._engine))
            total = DocumentRepository(unit.session).totals([collection_id]).get(collection_id, Totals()).passages
            there = PassageRepository(unit.session.connection()).count_vectors(collection)
        return Vectors(there, total, collection.vector_fault or vectors_problem(self._engine))

    def vector_endpoints(self) -> tuple[str, ...]:
        """The names of endpoints that may make vectors."""
        return tuple(one.name for one in self._embeddings.able())

    def delete(self, collection_id: UUID) -> Result[str]:
        """With all its documents. Agents keep its tool, whose calls say that it is gone."""
        with UnitOfWork(self._engine) as unit:
            collections = CollectionRepository(unit.session)
            collection = collections.get(collection_id)
            if collection is None:
                return _GONE
            collections.delete(collection_id)
            ToolRepository(unit.session).archive(collection.tool)
            return keep(unit, Ok(collection.name))

    def documents(self, collection_id: UUID) -> Sequence[Document]:
        """By name. Where some wait to be read, they are read now, if nobody does."""
        with UnitOfWork(self._engine) as unit:
            found = DocumentRepository(unit.session).list(collection_id)
        if any(one.state == "reading" for one in found):
            self._reader.wake()
        return found

    def put(self, collection_id: UUID, uploads: Sequence[Upload], who: str) -> Result[tuple[Document, ...]]:
        """Take files in; one of a name that is there already replaces it. All or none."""
        with UnitOfWork(self._engine) as unit:
            documents = DocumentRepository(unit.session)
            new = {one.name: one for one in map(_taken, uploads)}
            known = {one.name for one in documents.list(collection_id)}
            if problem := _too_many(uploads, known | set(new)):
                return problem
            kept = list[Document]()
            for one in new.values():
                put = documents.put(collection_id, one, who)
                if isinstance(put, Err):
                    return put
                if put.value.state == "unsupported":
                    PassageRepository(unit.session.connection()).forget(put.value.id)
                kept.append(put.value)
            CollectionRepository(unit.session).update(collection_id)
            unit.commit()
        self._reader.wake()
        return Ok(tuple(kept))

    def document(self, document_id: UUID) -> Document | None:
        with UnitOfWork(self._engine) as unit:
            return DocumentRepository(unit.session).get(document_id)

    def content(self, document_id: UUID) -> bytes:
        """The file as it was given; empty when it is not kept."""
        with UnitOfWork(self._engine) as unit:
            return DocumentRepository(unit.session).content(document_id) or b""

    def passages(self, document_id: UUID, after: int = 0, limit: int = 50) -> Sequence[StoredPassage]:
        with UnitOfWork(self._engine) as unit:
            return PassageRepository(unit.session.connection()).of(document_id, after, limit)

    def whereabouts(self, passage_id: UUID) -> tuple[UUID, UUID, int] | None:
        """The collection and the document of a passage, and its number there."""
        with UnitOfWork(self._engine) as unit:
            return PassageRepository(unit.session.connection()).whereabouts(passage_id)

    def delete_document(self, document_id: UUID) -> None:
        with UnitOfWork(self._engine) as unit:
            DocumentRepository(unit.session).delete(document_id)
            unit.commit()


def _taken(upload: Upload) -> NewDocument:
    name, size_bytes = file_name(upload.name), len(upload.content)
    reason = why_not(name, size_bytes)
    digest = hashlib.sha256(upload.content).hexdigest()
    return NewDocument(name, size_bytes, digest, None if reason else upload.content, reason)


def _too_many(uploads: Sequence[Upload], names: set[str]) -> Err | None:
    if len(uploads) > MOST_FILES:
        return Err("invalid", f"At most {MOST_FILES} files at once.", "documents")
    if len(names) > MOST_DOCUMENTS:
        return Err("invalid", f"A collection has at most {MOST_DOCUMENTS:,} documents.", "documents")
    return None
