"""Searching a collection: for people who try it and for tools, the same way."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.knowledge import MOST_FOUND, QUERY_CHARS, Collection, Found, Search, Term, marked, telling
from core.domain.result import Err, Ok, Result
from core.repositories.collections import CollectionRepository
from core.repositories.documents import DocumentRepository, Totals
from core.repositories.passages import Hit, PassageRepository


class KnowledgeSearch:
    """Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def search(self, collection_id: UUID, question: str, most: int = MOST_FOUND) -> Result[Search]:
        """The passages that fit a question best, and how they were searched for."""
        wanted = question.replace("\x00", " ").strip()[:QUERY_CHARS]
        if not wanted:
            return Err("invalid", "Say what to look for.", "query")
        with UnitOfWork(self._engine, snapshot=True) as unit:
            collection = CollectionRepository(unit.session).get(collection_id)
            if collection is None:
                return Err("not_found", "This collection was deleted.")
            documents = DocumentRepository(unit.session)
            total = documents.totals([collection_id]).get(collection_id, Totals()).passages
            passages = PassageRepository(unit.session.connection())
            terms = passages.terms(collection, wanted)
            chosen = telling(terms, total, has_stop_words=collection.language != "simple")
            weighed = [(term.lexeme, term.weight(total)) for term in chosen]
            hits = passages.search(collection, weighed, min(most, MOST_FOUND)) if weighed else []
            names = documents.names({hit.document_id for hit in hits})
        how = _how(collection, terms, chosen, total)
        return Ok(Search(how=how, passages=tuple(_found(hit, names[hit.document_id]) for hit in hits)))


def _found(hit: Hit, document: str) -> Found:
    text, marks = marked(hit.text)
    return Found(
        id=hit.id,
        document_id=hit.document_id,
        document=document,
        place=hit.place,
        text=text,
        score=round(hit.score, 4),
        marks=marks,
    )


def _how(collection: Collection, terms: Sequence[Term], chosen: Sequence[Term], total: int) -> str:
    if not total:
        return "The collection has no passages yet."
    if not terms:
        return f"The question has no word to search for ({_language(collection)})."
    if not chosen:
        return f"None of these words stands in any passage: {_listed(terms)}."
    searched = f"Searched by words ({_language(collection)}), any of: {_listed(chosen)}."
    common = [term for term in terms if term.passages and term not in chosen]
    return f"{searched} Too common to tell anything: {_listed(common)}." if common else searched


def _language(collection: Collection) -> str:
    return "words as they are" if collection.language == "simple" else collection.language.capitalize()


def _listed(terms: Sequence[Term]) -> str:
    return ", ".join(term.lexeme for term in terms)
