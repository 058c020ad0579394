"""A server that makes vectors of texts: near are those that speak of the same topic, in whatever words."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.bootstrap import App
from core.domain.knowledge import Collection
from core.domain.result import Ok
from tests.support.scripted import Answer, Request, ScriptedServer, status

TOPICS = (("refund", "money", "paid"), ("ship", "parcel", "deliver"), ("goods", "return", "receipt"))
NAME, MODEL = "vectors", "tiny-embedder"


def vector_of(text: str) -> list[float]:
    return [sum(text.lower().count(word) for word in topic) + 0.01 for topic in TOPICS]


def embeddings(request: Request) -> Answer:
    texts = request.json["input"]
    data = [{"index": place, "embedding": vector_of(text)} for place, text in enumerate(texts)]
    return status(200, {"object": "list", "data": data[::-1], "model": request.json["model"]})


@contextmanager
def vector_server(app: App, answer=embeddings) -> Iterator[ScriptedServer]:
    with ScriptedServer(respond=answer) as server:
        added = app.endpoints.add(NAME, server.base_url, "ada")
        assert isinstance(added, Ok), added
        yield server


def by_meaning(app: App, collection: Collection) -> None:
    changed = app.knowledge.search_by_meaning(collection.id, NAME, MODEL)
    assert isinstance(changed, Ok), changed
