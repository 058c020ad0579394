"""Conversations, runs, the journal that only grows, and the workers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0003"
down_revision = "0002"

UNIQUE_EVENTS = {
    "uq_run_events_start": (["run_id", "effect", "attempt"], "kind = 'started'"),
    "uq_run_events_attempt_outcome": (
        ["run_id", "effect", "attempt"],
        "kind IN ('decision', 'finished', 'unknown')",
    ),
    "uq_run_events_decision": (["run_id", "effect"], "kind = 'decision'"),
    "uq_run_events_call_outcome": (
        ["run_id", "effect"],
        "kind IN ('finished', 'refused') AND effect NOT LIKE '%.m'",
    ),
    "uq_run_events_claim": (["run_id", "epoch"], "kind = 'claimed'"),
    "uq_run_events_end": (["run_id"], "kind = 'ended'"),
}


def upgrade() -> None:
    _conversations()
    _runs()
    _run_indexes()
    _run_events()
    _workers()


def downgrade() -> None:
    for table in ("workers", "run_events", "runs", "conversations"):
        op.drop_table(table)


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid),
        sa.Column("title", sa.Text, server_default="", nullable=False),
        sa.Column("archived", sa.Boolean, server_default="false", nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_conversations_agent_id", ondelete="SET NULL"),
    )
    op.create_index("ix_conversations_updated_at_id", "conversations", ["updated_at", "id"])
    op.create_index("ix_conversations_agent_id", "conversations", ["agent_id"])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, server_default="queued", nullable=False),
        sa.Column("conversation_id", sa.Uuid),
        sa.Column("parent_run_id", sa.Uuid),
        sa.Column("agent_id", sa.Uuid),
        sa.Column("agent_name", sa.Text, server_default="", nullable=False),
        sa.Column("revision", sa.Integer),
        sa.Column("model", sa.Text, server_default="", nullable=False),
        sa.Column("endpoint", sa.Text, server_default="", nullable=False),
        sa.Column("input", sa.Text, server_default="", nullable=False),
        sa.Column("output", sa.Text, server_default="", nullable=False),
        sa.Column("error_kind", sa.Text),
        sa.Column("totals", pg.JSONB, server_default="{}", nullable=False),
        sa.Column("tags", pg.ARRAY(sa.Text), server_default="{}", nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("epoch", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_seq", sa.Integer, server_default="0", nullable=False),
        sa.Column("head", sa.LargeBinary, server_default=sa.text("''::bytea"), nullable=False),
        sa.Column("partial", pg.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )


def _run_indexes() -> None:
    for column, target in (("conversation_id", "conversations"), ("parent_run_id", "runs"), ("agent_id", "agents")):
        op.create_foreign_key(f"fk_runs_{column}", "runs", target, [column], ["id"], ondelete="SET NULL")
    for name, rule in {
        "kind_known": "kind IN ('chat', 'try', 'cli', 'api', 'test')",
        "status_known": "status IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')",
        "running_is_leased": "(status = 'running') = (lease_owner IS NOT NULL)",
        "lease_is_whole": "(lease_owner IS NULL) = (lease_until IS NULL)",
    }.items():
        op.create_check_constraint(op.f(f"ck_runs_{name}"), "runs", rule)
    op.create_index("ix_runs_conversation_id_id", "runs", ["conversation_id", "id"])
    op.create_index("ix_runs_agent_id_id", "runs", ["agent_id", "id"])
    op.create_index("ix_runs_parent_run_id", "runs", ["parent_run_id"])
    op.create_index("ix_runs_status_id", "runs", ["status", "id"])
    op.create_index(
        "ix_runs_queue", "runs", [sa.text("priority DESC"), "id"], postgresql_where=sa.text("status = 'queued'")
    )
    op.create_index("ix_runs_lease_until", "runs", ["lease_until"], postgresql_where=sa.text("status = 'running'"))


def _run_events() -> None:
    op.create_table(
        "run_events",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("effect", sa.Text),
        sa.Column("attempt", sa.Integer),
        sa.Column("body", pg.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_run_events"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_events_run_id"),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_run_events_{name}")) for name, rule in _event_rules().items()),
    )
    for name, (columns, where) in UNIQUE_EVENTS.items():
        op.create_index(name, "run_events", columns, unique=True, postgresql_where=sa.text(where))
    op.execute(
        "CREATE TRIGGER run_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON run_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _event_rules() -> dict[str, str]:
    return {
        "kind_known": (
            "kind IN ('created', 'claimed', 'started', 'decision', 'finished', 'refused', 'unknown', 'asked', "
            "'answered', 'settled', 'cancelled', 'ended')"
        ),
        "effect_where_due": (
            "(effect IS NOT NULL) = (kind IN ('started', 'decision', 'finished', 'refused', 'unknown', 'asked', "
            "'answered', 'settled'))"
        ),
        "attempt_where_due": "(attempt IS NOT NULL) = (kind IN ('started', 'decision', 'finished', 'unknown'))",
        "created_first": "(seq = 0) = (kind = 'created')",
    }


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, server_default="", nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
        sa.UniqueConstraint("key", name="uq_workers_key"),
    )
