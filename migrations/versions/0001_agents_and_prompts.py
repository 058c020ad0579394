"""Agents, their revisions, and the library of prompts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: its rows stay as they were written', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END $$
"""
"""For tables of facts. The error is one of integrity, and names the trigger as its constraint."""

PROMPTS = ("system_prompts", "user_prompts")


def upgrade() -> None:
    op.execute(REFUSE)
    _agents()
    _agent_revisions()
    for table in PROMPTS:
        _prompts(table)


def downgrade() -> None:
    for table in (*reversed(PROMPTS), "agent_revisions", "agents"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, server_default="", nullable=False),
        sa.Column("avatar", sa.Text, server_default="", nullable=False),
        sa.Column("tags", pg.ARRAY(sa.Text), server_default="{}", nullable=False),
        sa.Column("draft", pg.JSON),
        sa.Column("live_revision", sa.Integer),
        sa.Column("archived", sa.Boolean, server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_by", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint("name", name="uq_agents_name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_agents_name_length")),
        sa.CheckConstraint("live_revision IS NOT NULL OR draft IS NOT NULL", name=op.f("ck_agents_has_spec")),
    )


def _agent_revisions() -> None:
    op.create_table(
        "agent_revisions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("spec", pg.JSON, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("note", sa.Text, server_default="", nullable=False),
        sa.Column("author", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_revisions"),
        sa.UniqueConstraint("agent_id", "number", name="uq_agent_revisions_agent_id_number"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_agent_revisions_agent_id", ondelete="CASCADE"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_agent_revisions_number_from_one")),
    )
    op.execute(
        "CREATE TRIGGER agent_revisions_immutable BEFORE UPDATE ON agent_revisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _prompts(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("variables", pg.JSONB, server_default="[]", nullable=False),
        sa.Column("label", sa.Text, server_default="", nullable=False),
        sa.Column("author", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("name", "number", name=f"uq_{table}_name_number"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f(f"ck_{table}_name_length")),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{table}_number_from_one")),
    )
    op.execute(  # a label may be given later; what was written may not change
        f"CREATE TRIGGER {table}_immutable BEFORE UPDATE OF id, name, number, text, variables, author, created_at "
        f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
