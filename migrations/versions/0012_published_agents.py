"""Agents that answer over HTTP, and the keys that may ask them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0012"
down_revision = "0011"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("agent_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer),
        sa.Column("takes_instructions", sa.Boolean, server_default="false", nullable=False),
        sa.Column("updated_by", sa.Text, server_default="", nullable=False),
        sa.Column("updated_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_publications"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_publications_agent_id", ondelete="CASCADE"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("agent_ids", ARRAY(sa.Uuid)),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("revoked_by", sa.Text, server_default="", nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name=op.f("ck_api_keys_name_length")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_api_keys_hash_length")),
        sa.CheckConstraint(
            "requests_per_minute BETWEEN 1 AND 100000", name=op.f("ck_api_keys_requests_per_minute_range")
        ),
    )
    op.create_index(
        "uq_api_keys_name", "api_keys", ["name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.create_table(
        "api_calls",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_api_calls"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_api_calls_run_id"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_api_calls_key_id"),
        sa.UniqueConstraint("key_id", "idempotency_key", name="uq_api_calls_key_id_idempotency_key"),
        sa.CheckConstraint(
            "length(idempotency_key) BETWEEN 1 AND 255", name=op.f("ck_api_calls_idempotency_key_length")
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_api_calls_digest_length")),
    )


def downgrade() -> None:
    op.drop_table("api_calls")
    op.drop_table("api_keys")
    op.drop_table("publications")
