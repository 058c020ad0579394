"""Knowledge: collections of documents, and their passages with an index of words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0014"
down_revision = "0013"

_LANGUAGES = (
    "simple",
    "arabic",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "indonesian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "turkish",
)
_WORDS = (
    "CASE language "
    + " ".join(
        f"WHEN '{one}' THEN setweight(to_tsvector('{one}', headings), 'A') || to_tsvector('{one}', text)"
        for one in _LANGUAGES
        if one != "simple"
    )
    + " ELSE setweight(to_tsvector('simple', headings), 'A') || to_tsvector('simple', text) END"
)
_KINDS = "'http', 'openapi', 'mcp', 'hf', 'python', 'agent'"


def upgrade() -> None:
    _kinds(f"{_KINDS}, 'knowledge'")
    _collections()
    _documents()
    _passages()


def downgrade() -> None:
    for table in ("passages", "documents", "collections"):
        op.drop_table(table)
    op.execute("DELETE FROM tools WHERE kind = 'knowledge'")
    _kinds(_KINDS)


def _kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_tools_kind_known"), "tools")
    op.create_check_constraint(op.f("ck_tools_kind_known"), "tools", f"kind IN ({kinds})")


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, server_default=default, nullable=False)


def _number(name: str, default: str | None = "0") -> sa.Column[int]:
    return sa.Column(name, sa.Integer, server_default=default, nullable=False)


def _made() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def _collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.Uuid, nullable=False),
        _text("name"),
        _text("description", ""),
        _text("language"),
        _text("tool"),
        *_made(),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        sa.UniqueConstraint("name", name="uq_collections_name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_collections_name_length")),
        sa.CheckConstraint(
            f"language IN ({', '.join(repr(one) for one in _LANGUAGES)})", name=op.f("ck_collections_language_known")
        ),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("collection_id", sa.Uuid, nullable=False),
        _text("name"),
        _number("size_bytes", None),
        _text("sha256"),
        sa.Column("content", sa.LargeBinary),
        _text("state", "reading"),
        _text("reason", ""),
        _number("passages"),
        _number("chars"),
        *_made(),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("collection_id", "name", name="uq_documents_collection_id_name"),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], ondelete="CASCADE", name="fk_documents_collection_id"
        ),
        sa.CheckConstraint(
            "state IN ('reading', 'ready', 'failed', 'unsupported')", name=op.f("ck_documents_state_known")
        ),
        sa.CheckConstraint("content IS NOT NULL OR state = 'unsupported'", name=op.f("ck_documents_content_kept")),
    )
    op.create_index("ix_documents_reading", "documents", ["id"], postgresql_where=sa.text("state = 'reading'"))


def _passages() -> None:
    op.create_table(
        "passages",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("collection_id", sa.Uuid, nullable=False),
        sa.Column("document_id", sa.Uuid, nullable=False),
        _number("number", None),
        _text("text"),
        _number("overlap"),
        _text("headings", ""),
        _text("unit", ""),
        _number("first"),
        _number("last"),
        _text("language"),
        sa.Column("words", TSVECTOR, sa.Computed(_WORDS, persisted=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passages"),
        sa.UniqueConstraint("document_id", "number", name="uq_passages_document_id_number"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], ondelete="CASCADE", name="fk_passages_document_id"),
    )
    op.create_index("ix_passages_words", "passages", ["words"], postgresql_using="gin")
