"""Searching a collection: for people who try it and for tools, the same way."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine

from core.clients.embeddings import Vector
from core.db.unit import UnitOfWork
from core.db.vectors import vectors_problem
from core.domain.knowledge import MOST_FOUND, QUERY_CHARS, Collection, Found, Search, Term, fused, marked, telling
from core.domain.result import Err, Ok, Result
from core.errors import FaultError
from core.repositories.collections import CollectionRepository
from core.repositories.documents import DocumentRepository, Totals
from core.repositories.passages import Hit, PassageRepository
from core.services.meaning import Embeddings

_RANKED = 50
"""Of each ranking, where two are fused."""


class _Meaning(NamedTuple):
    """The question's vector, or why there is none; neither: the collection is searched by words alone."""

    vector: Vector = ()
    problem: str = ""


class _Ranking(NamedTuple):
    """What one way of searching found, best first, and that way in words."""

    hits: Sequence[Hit] = ()
    how: str = ""


class KnowledgeSearch:
    """Thread-safe. Not for a thread with a running event loop."""

    def __init__(self, engine: Engine, embeddings: Embeddings) -> None:
        self._engine, self._embeddings = engine, embeddings

    def search(self, collection_id: UUID, question: str, most: int = MOST_FOUND) -> Result[Search]:
        """The passages that fit a question best, and how they were searched for."""
        wanted = question.replace("\x00", " ").strip()[:QUERY_CHARS]
        if not wanted:
            return Err("invalid", "Say what to look for.", "query")
        with UnitOfWork(self._engine) as unit:
            collection = CollectionRepository(unit.session).get(collection_id)
        if collection is None:
            return Err("not_found", "This collection was deleted.")
        meaning = self._meaning(collection, wanted)
        with UnitOfWork(self._engine, snapshot=True) as unit:
            documents = DocumentRepository(unit.session)
            total = documents.totals([collection_id]).get(collection_id, Totals()).passages
            passages = PassageRepository(unit.session.connection())
            many = _RANKED if meaning.vector else min(most, MOST_FOUND)
            words = _by_words(passages, collection, wanted, total, many)
            near = _by_meaning(passages, collection, meaning, total)
            best = _best(words.hits, near.hits)[: min(most, MOST_FOUND)] if meaning.vector else _alone(words.hits)
            names = documents.names({hit.document_id for hit, _ in best})
        found = tuple(_found(hit, one, names[hit.document_id]) for hit, one in best)
        return Ok(Search(how=" ".join(filter(None, (words.how, near.how))), passages=found))

    def _meaning(self, collection: Collection, question: str) -> _Meaning:
        """Asked for before a transaction begins: a server may take its time."""
        if not collection.made_by:
            return _Meaning()
        if problem := vectors_problem(self._engine):
            return _Meaning(problem=problem)
        try:
            return _Meaning(self._embeddings.of_question(collection, question))
        except FaultError as error:
            return _Meaning(problem=error.fault.message)


class _Ranks(NamedTuple):
    score: float
    by_words: int = 0
    by_meaning: int = 0
    nearness: float | None = None


def _alone(hits: Sequence[Hit]) -> list[tuple[Hit, _Ranks]]:
    return [(hit, _Ranks(round(hit.score, 4))) for hit in hits]


def _best(words: Sequence[Hit], near: Sequence[Hit]) -> list[tuple[Hit, _Ranks]]:
    """Both rankings as one; of a passage in both, the text with its marks."""
    hits = {hit.id: hit for hit in (*near, *words)}
    by_words = {hit.id: rank for rank, hit in enumerate(words, start=1)}
    by_meaning = {hit.id: rank for rank, hit in enumerate(near, start=1)}
    nearness = {hit.id: round(hit.score, 4) for hit in near}
    return [
        (hits[one], _Ranks(round(score, 4), by_words.get(one, 0), by_meaning.get(one, 0), nearness.get(one)))
        for one, score in fused(list(by_words), list(by_meaning))
    ]


def _found(hit: Hit, ranks: _Ranks, document: str) -> Found:
    text, marks = marked(hit.text)
    return Found(
        id=hit.id,
        document_id=hit.document_id,
        document=document,
        place=hit.place,
        text=text,
        marks=marks,
        **ranks._asdict(),
    )


def _by_words(passages: PassageRepository, collection: Collection, question: str, total: int, most: int) -> _Ranking:
    if not total:
        return _Ranking(how="The collection has no passages yet.")
    terms = passages.terms(collection, question)
    chosen = telling(terms, total, has_stop_words=collection.language != "simple")
    if not terms:
        return _Ranking(how=f"The question has no word to search for ({_language(collection)}).")
    if not chosen:
        return _Ranking(how=f"None of these words stands in any passage: {_listed(terms)}.")
    hits = passages.search(collection, [(term.lexeme, term.weight(total)) for term in chosen], most)
    searched = f"Searched by words ({_language(collection)}), any of: {_listed(chosen)}."
    common = [term for term in terms if term.passages and term not in chosen]
    return _Ranking(hits, f"{searched} Too common to tell anything: {_listed(common)}." if common else searched)


def _by_meaning(passages: PassageRepository, collection: Collection, meaning: _Meaning, total: int) -> _Ranking:
    if meaning.problem:
        return _Ranking(how=f"Not searched by meaning: {meaning.problem}")
    if not meaning.vector:
        return _Ranking()
    there = passages.count_vectors(collection)
    said = f"Searched by meaning as well ({collection.model})"
    hits = passages.nearest(collection, meaning.vector, _RANKED)
    return _Ranking(hits, f"{said}." if there >= total else f"{said}, {there:,} of {total:,} passages so far.")


def _language(collection: Collection) -> str:
    return "words as they are" if collection.language == "simple" else collection.language.capitalize()


def _listed(terms: Sequence[Term]) -> str:
    return ", ".join(term.lexeme for term in terms)
