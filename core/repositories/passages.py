"""Passages of documents and the index of their words: the table `passages`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, CursorResult, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.db.knowledge_tables import PassageRow
from core.domain.knowledge import END, START, Collection, Document, Language, Place, Term
from core.domain.passages import Passage, named

_MOST_TERMS = 40

# A word of the index as a question of its own: quoted as tsquery reads it, so that no character of it is an operator.
_AS_QUERY = r"CAST('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' AS tsquery)"

TERMS = rf"""
WITH term AS (
    SELECT lexeme, {_AS_QUERY} AS query
      FROM unnest(to_tsvector(CAST(:language AS regconfig), :question)) AS words(lexeme, positions, weights)
     ORDER BY positions[1] LIMIT {_MOST_TERMS})
SELECT lexeme, (SELECT count(*) FROM passages WHERE collection_id = :collection AND words @@ term.query) AS passages
  FROM term
"""  # noqa: S608 (constants)

# ts_rank grows more slowly with every repetition; 1 divides it by the length. A heading weighs twice a text.
SEARCH = rf"""
WITH term AS MATERIALIZED (
    SELECT weight, {_AS_QUERY} AS query
      FROM unnest(CAST(:lexemes AS text[]), CAST(:weights AS float[])) AS given(lexeme, weight)),
best AS (
    SELECT passage.id, sum(term.weight * ts_rank('{{0.5, 0.5, 0.5, 1.0}}', passage.words, term.query, 1)) AS score
      FROM term CROSS JOIN LATERAL (
        SELECT id, words FROM passages WHERE collection_id = :collection AND words @@ term.query) AS passage
     GROUP BY passage.id
     ORDER BY score DESC, passage.id LIMIT :most),
everything AS (
    SELECT CAST(string_agg(CAST(query AS text), ' | ') AS tsquery) AS query FROM term)
SELECT passages.id, document_id, headings, unit, first, last, best.score,
       ts_headline(CAST(:language AS regconfig), text, everything.query, :options) AS text
  FROM best JOIN passages ON passages.id = best.id CROSS JOIN everything
 ORDER BY best.score DESC, passages.id
"""  # noqa: S608 (constants)
NEAREST = """
SELECT id, document_id, headings, unit, first, last, text,
       1 - (CAST(passages.vector AS vector) <=> CAST(CAST(:vector AS real[]) AS vector)) AS score
  FROM passages
 WHERE collection_id = :collection AND vector IS NOT NULL AND made_by = :made_by AND cardinality(vector) = :numbers
 ORDER BY score DESC, id LIMIT :most
"""
NO_SCAN = "SET LOCAL enable_seqscan = off"
_OPTIONS = f'HighlightAll=true, StartSel="{START}", StopSel="{END}"'


class Hit(NamedTuple):
    """A passage that has some of the words; they are marked in its text."""

    id: UUID
    document_id: UUID
    place: Place
    score: float
    text: str


class StoredPassage(NamedTuple):
    id: UUID
    number: int
    place: Place
    text: str
    overlap: int


class PassageRepository:
    """Over one connection, inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, document: Document, language: Language, cut: Sequence[Passage]) -> None:
        """What a document says now. Passages that it said before, word by word, keep their rows and their vectors."""
        ids = list(named(document.id, (one.text for one in cut)))
        mine = PassageRow.document_id == document.id
        self._connection.execute(delete(PassageRow).where(mine, PassageRow.id.not_in(ids)))
        # A number is given once: those that stay make room before they get their new ones.
        self._connection.execute(update(PassageRow).where(mine).values(number=-PassageRow.number))
        rows = [
            {
                "id": own,
                "collection_id": document.collection_id,
                "document_id": document.id,
                "number": number,
                "language": language,
                **_columns(one),
            }
            for number, (own, one) in enumerate(zip(ids, cut, strict=True), start=1)
        ]
        if rows:
            put = insert(PassageRow)
            changed = {name: put.excluded[name] for name in rows[0] if name not in {"id", "document_id", "text"}}
            self._connection.execute(put.on_conflict_do_update(index_elements=["id"], set_=changed), rows)

    def of(self, document_id: UUID, after: int = 0, limit: int = 50) -> list[StoredPassage]:
        """In their order, from the one that follows number `after`."""
        columns = (
            PassageRow.id,
            PassageRow.number,
            PassageRow.headings,
            PassageRow.unit,
            PassageRow.first,
            PassageRow.last,
            PassageRow.text,
            PassageRow.overlap,
        )
        statement = select(*columns).where(PassageRow.document_id == document_id, PassageRow.number > after)
        rows = self._connection.execute(statement.order_by(PassageRow.number).limit(limit))
        return [StoredPassage(row.id, row.number, _place(row), row.text, row.overlap) for row in rows]

    def forget(self, document_id: UUID) -> None:
        self._connection.execute(delete(PassageRow).where(PassageRow.document_id == document_id))

    def use_language(self, document_ids: Iterable[UUID], language: Language) -> None:
        """Make the index of these documents anew: words of another language have other forms."""
        mine = PassageRow.document_id.in_(list(document_ids))
        self._connection.execute(update(PassageRow).where(mine).values(language=language))

    def whereabouts(self, passage_id: UUID) -> tuple[UUID, UUID, int] | None:
        """Its collection, its document and its number there."""
        statement = select(PassageRow.collection_id, PassageRow.document_id, PassageRow.number)
        row = self._connection.execute(statement.where(PassageRow.id == passage_id)).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def terms(self, collection: Collection, question: str) -> list[Term]:
        """The words of a question as the index has them, without those that a language has everywhere."""
        given = {"language": collection.language, "question": question, "collection": collection.id}
        return [Term(row.lexeme, row.passages) for row in self._by_index(TERMS, given)]

    def search(self, collection: Collection, terms: Iterable[tuple[str, float]], most: int) -> list[Hit]:
        """The passages that have any of these words, the best first; each word with its weight."""
        lexemes, weights = zip(*terms, strict=True)
        given = {
            "language": collection.language,
            "collection": collection.id,
            "lexemes": list(lexemes),
            "weights": list(weights),
            "most": most,
            "options": _OPTIONS,
        }
        rows = self._by_index(SEARCH, given)
        return [Hit(row.id, row.document_id, _place(row), row.score, row.text) for row in rows]

    def without_vector(self, document_ids: Iterable[UUID], made_by: str, most: int) -> dict[UUID, str]:
        """Some texts of these documents that have no vector from there yet."""
        statement = select(PassageRow.id, PassageRow.text).where(
            PassageRow.document_id.in_(list(document_ids)), PassageRow.made_by != made_by
        )
        return {row.id: row.text for row in self._connection.execute(statement.order_by(PassageRow.id).limit(most))}

    def put_vectors(self, vectors: Mapping[UUID, Sequence[float]], made_by: str) -> None:
        mine = PassageRow.id == bindparam("passage")
        statement = update(PassageRow).where(mine).values(vector=bindparam("numbers"), made_by=made_by)
        rows = [{"passage": one, "numbers": list(vector)} for one, vector in vectors.items()]
        self._connection.execute(statement, rows)

    def count_vectors(self, collection: Collection) -> int:
        """How many passages can be found by meaning."""
        statement = select(func.count()).where(
            PassageRow.collection_id == collection.id,
            PassageRow.vector.is_not(None),
            PassageRow.made_by == collection.made_by,
        )
        return self._connection.scalar(statement) or 0

    def nearest(self, collection: Collection, vector: Sequence[float], most: int) -> list[Hit]:
        """The passages whose vectors point most nearly where this one does; every one is compared."""
        given = {
            "collection": collection.id,
            "made_by": collection.made_by,
            "vector": list(vector),
            "numbers": len(vector),
            "most": most,
        }
        rows = self._by_index(NEAREST, given)
        return [Hit(row.id, row.document_id, _place(row), row.score, row.text) for row in rows]

    def _by_index(self, statement: str, given: dict[str, Any]) -> CursorResult[Any]:
        """The planner holds a match to be as cheap as a comparison, and would rather look at every passage."""
        self._connection.execute(text(NO_SCAN))
        return self._connection.execute(text(statement), given)


def _columns(one: Passage) -> dict[str, Any]:
    place = one.place
    return {
        "text": one.text,
        "overlap": one.overlap,
        "headings": "\n".join(place.headings),
        "unit": place.unit,
        "first": place.first,
        "last": place.last,
    }


def _place(row: Any) -> Place:
    return Place(tuple(row.headings.split("\n")) if row.headings else (), row.unit, row.first, row.last)
