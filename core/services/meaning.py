"""Vectors of passages and questions: made by an endpoint that a collection names, in the background."""

from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.clients.embeddings import Vector, embed
from core.db.unit import UnitOfWork
from core.domain.endpoint import Endpoint
from core.domain.knowledge import Collection
from core.errors import ConfigurationError, Fault, FaultError
from core.repositories.collections import CollectionRepository
from core.repositories.documents import DocumentRepository
from core.repositories.passages import PassageRepository
from core.services.background import Background
from core.services.connections import Connections
from core.services.endpoints import Endpoints, EndpointService

_AT_ONCE = 32
_LIMIT_S, _QUESTION_LIMIT_S = 30.0, 15.0


class Embeddings:
    """Asks endpoints for vectors. Thread-safe."""

    def __init__(self, endpoints: EndpointService, connections: Connections) -> None:
        self._endpoints, self._connections = endpoints, connections

    def able(self) -> Endpoints:
        """The endpoints that may make vectors; whether one does, only asking it shows."""
        return [one for one in self._endpoints.list() if one.kind in {"openai", "huggingface"}]

    def of_question(self, collection: Collection, question: str) -> Vector:
        """Raises `FaultError`."""
        return self.of_texts(collection, [question], _QUESTION_LIMIT_S)[0]

    def of_texts(self, collection: Collection, texts: list[str], limit_s: float = _LIMIT_S) -> list[Vector]:
        """Raises `FaultError`."""
        endpoint = next((one for one in self.able() if one.name == collection.endpoint), None)
        if endpoint is None:
            raise FaultError(Fault("not_found", f"There is no endpoint named {collection.endpoint} any more."))
        try:
            address, key = self._connections.address(endpoint), self._connections.key(endpoint)
        except ConfigurationError as error:  # the key of all secrets is not readable
            raise FaultError(Fault("auth", str(error))) from error
        return embed(_for_model(endpoint, collection.model), address, key, texts, limit_s)


class VectorMaker:
    """Gives every passage a vector where its collection is searched by meaning. What is missing stands in the database."""

    def __init__(self, engine: Engine, embeddings: Embeddings) -> None:
        self._engine, self._embeddings = engine, embeddings
        self._background = Background("vectors", self._make)

    def wake(self) -> None:
        self._background.wake()

    def close(self) -> None:
        self._background.close()

    def _make(self) -> None:
        with UnitOfWork(self._engine) as unit:
            wanted = [one for one in CollectionRepository(unit.session).list() if one.made_by]
        for collection in wanted:
            while not self._background.is_closed and self._some(collection):
                pass

    def _some(self, collection: Collection) -> bool:
        """Whether some passages got their vectors, so that there may be more to do."""
        with UnitOfWork(self._engine) as unit:
            documents = [one.id for one in DocumentRepository(unit.session).list(collection.id)]
            missing = PassageRepository(unit.session.connection()).without_vector(
                documents, collection.made_by, _AT_ONCE
            )
        if not missing:
            return False
        try:
            vectors = self._embeddings.of_texts(collection, list(missing.values()))
        except FaultError as error:
            self._note(collection, error.fault.message)
            return False
        if self._background.is_closed:  # the database may be gone, and must not be started again by us
            return False
        return self._keep(collection, dict(zip(missing, vectors, strict=True)))

    def _keep(self, collection: Collection, vectors: dict[UUID, Vector]) -> bool:
        """Unless another model is wanted by now."""
        with UnitOfWork(self._engine) as unit:
            now = CollectionRepository(unit.session).get(collection.id)
            if now is None or now.made_by != collection.made_by:
                return False
            PassageRepository(unit.session.connection()).put_vectors(vectors, collection.made_by)
            unit.commit()
        if now.vector_fault:
            self._note(collection, "")
        return True

    def _note(self, collection: Collection, fault: str) -> None:
        if self._background.is_closed:
            return
        with UnitOfWork(self._engine) as unit:
            CollectionRepository(unit.session).note_fault(collection.id, fault)
            unit.commit()


def _for_model(endpoint: Endpoint, model: str) -> Endpoint:
    return msgspec.structs.replace(endpoint, model=model)
