"""Ceilings that several runs share: what each model call sets aside before it is made."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("ceiling_usd", sa.Float, nullable=False),
        sa.Column("charged_usd", sa.Float, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "charges",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("usd", sa.Float, nullable=False),
        sa.Column("is_open", sa.Boolean, server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("run_id", "effect", "attempt", name="pk_charges"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_charges_account_id", ondelete="CASCADE"),
    )
    op.create_index("ix_charges_open", "charges", ["account_id"], postgresql_where=sa.text("is_open"))


def downgrade() -> None:
    op.drop_table("charges")
    op.drop_table("accounts")
