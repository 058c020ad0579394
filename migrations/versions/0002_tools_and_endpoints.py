"""Tools that people add, the notebook, endpoints, secrets and preferences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _tools()
    _notebook_pages()
    _endpoints()
    _secrets()
    _preferences()


def downgrade() -> None:
    for table in ("preferences", "secrets", "endpoints", "notebook_pages", "tools"):
        op.drop_table(table)


def _tools() -> None:
    op.create_table(
        "tools",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("description", sa.Text, server_default="", nullable=False),
        sa.Column("parameters", pg.JSON, nullable=False),
        sa.Column("schema_hash", sa.Text, nullable=False),
        sa.Column("definition", pg.JSON, server_default="{}", nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("repeat", sa.Text, nullable=False),
        sa.Column("time_limit_s", sa.Double, server_default="30", nullable=False),
        sa.Column("output_limit_chars", sa.Integer, server_default="20000", nullable=False),
        sa.Column("source", sa.Text, server_default="", nullable=False),
        sa.Column("archived", sa.Boolean, server_default="false", nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tools"),
        sa.UniqueConstraint("name", name="uq_tools_name"),
        sa.CheckConstraint("name ~ '^[a-zA-Z0-9_-]{1,64}$'", name=op.f("ck_tools_name_legal")),
        sa.CheckConstraint(
            "kind IN ('http', 'openapi', 'mcp', 'hf', 'python', 'agent')", name=op.f("ck_tools_kind_known")
        ),
        sa.CheckConstraint("effect IN ('read', 'write')", name=op.f("ck_tools_effect_known")),
        sa.CheckConstraint("repeat IN ('safe', 'key', 'check', 'never')", name=op.f("ck_tools_repeat_known")),
    )


def _notebook_pages() -> None:
    op.create_table(
        "notebook_pages",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("notebook", sa.Text, nullable=False),
        sa.Column("title", sa.Text, server_default="", nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notebook_pages"),
        sa.UniqueConstraint("key", name="uq_notebook_pages_key"),
    )
    op.create_index("ix_notebook_pages_notebook_id", "notebook_pages", ["notebook", "id"])


def _endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, server_default="", nullable=False),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("compatibility", pg.JSONB, server_default="{}", nullable=False),
        sa.Column("silence_s", sa.Double, nullable=True),
        sa.Column("concurrency", sa.Integer, nullable=True),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
        sa.UniqueConstraint("name", name="uq_endpoints_name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_endpoints_name_length")),
        sa.CheckConstraint("base_url ~ '^https?://'", name=op.f("ck_endpoints_base_url_http")),
        sa.CheckConstraint("silence_s > 0 AND silence_s <= 86400", name=op.f("ck_endpoints_silence_s_range")),
        sa.CheckConstraint("concurrency BETWEEN 1 AND 1000", name=op.f("ck_endpoints_concurrency_range")),
    )


def _secrets() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        sa.Column("updated_by", sa.Text, server_default="", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
        sa.CheckConstraint("name ~ '^[A-Za-z0-9_.-]{1,100}$'", name=op.f("ck_secrets_name_legal")),
    )


def _preferences() -> None:
    op.create_table(
        "preferences",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", pg.JSONB, nullable=False),
        sa.Column("updated_by", sa.Text, server_default="", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_preferences"),
    )
