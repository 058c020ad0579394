"""Collections of documents, and the passages that are found in them."""

from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Base
from core.domain.knowledge import Language

LANGUAGES = get_args(Language)
_HAS_VECTOR = text("vector IS NOT NULL")
WORDS = (
    "CASE language "
    + " ".join(
        f"WHEN '{one}' THEN setweight(to_tsvector('{one}', headings), 'A') || to_tsvector('{one}', text)"
        for one in LANGUAGES
        if one != "simple"
    )
    + " ELSE setweight(to_tsvector('simple', headings), 'A') || to_tsvector('simple', text) END"
)
"""Each language is named in the expression: a generated column takes nothing that could be configured anew."""


class CollectionRow(Base):
    __tablename__ = "collections"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str]
    tool: Mapped[str]
    endpoint: Mapped[str] = mapped_column(server_default="")
    model: Mapped[str] = mapped_column(server_default="")
    vector_fault: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint(f"language IN ({', '.join(repr(one) for one in LANGUAGES)})", name="language_known"),
    )


class DocumentRow(Base):
    __tablename__ = "documents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Of an unsupported one nothing is kept."""
    state: Mapped[str] = mapped_column(server_default="reading")
    reason: Mapped[str] = mapped_column(server_default="")
    passages: Mapped[int] = mapped_column(server_default="0")
    chars: Mapped[int] = mapped_column(server_default="0")
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("collection_id", "name"),
        CheckConstraint("state IN ('reading', 'ready', 'failed', 'unsupported')", name="state_known"),
        CheckConstraint("content IS NOT NULL OR state = 'unsupported'", name="content_kept"),
        Index("ix_documents_reading", "id", postgresql_where=text("state = 'reading'")),
    )


class PassageRow(Base):
    """`language` and `headings` stand here because the index is made of them."""

    __tablename__ = "passages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    collection_id: Mapped[UUID]
    """Of the document. Its index is only for vectors: with one a search by words would read a whole collection by it."""
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str]
    overlap: Mapped[int] = mapped_column(server_default="0")
    headings: Mapped[str] = mapped_column(server_default="")
    """From the outermost to the innermost, a line each."""
    unit: Mapped[str] = mapped_column(server_default="")
    first: Mapped[int] = mapped_column(server_default="0")
    last: Mapped[int] = mapped_column(server_default="0")
    language: Mapped[str]
    vector: Mapped[Any | None] = mapped_column(ARRAY(REAL), deferred=True)
    """Plain numbers, so that a database without pgvector keeps them as well."""
    made_by: Mapped[str] = mapped_column(server_default="")
    """The endpoint and the model that the vector is from."""
    words: Mapped[Any] = mapped_column(TSVECTOR, Computed(WORDS, persisted=True), deferred=True)

    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        Index("ix_passages_vectors", "collection_id", postgresql_where=_HAS_VECTOR),
        Index("ix_passages_words", "words", postgresql_using="gin"),
    )
