"""People with roles, where they are signed in, and the list of security events."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def _at(name: str = "at") -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def upgrade() -> None:
    _people()
    _sign_ins()
    _security_events()


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        _text("password_hash"),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default="false"),
        _text("created_by"),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.CheckConstraint("role IN ('viewer', 'builder', 'operator')", name=op.f("ck_people_role_known")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60 AND name = btrim(name)", name=op.f("ck_people_name_length")),
    )
    op.create_index("ix_people_name", "people", [sa.text("lower(name)")], unique=True)


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("name", sa.Text, nullable=False),
        _text("mark"),
        _text("address"),
        _at("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_sign_ins_person_id", ondelete="CASCADE"),
    )
    op.create_index("ix_sign_ins_id", "sign_ins", ["id"], unique=True)
    op.create_index("ix_sign_ins_person_id", "sign_ins", ["person_id"])
    op.create_table(
        "sign_in_tries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _at(),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_tries"),
    )
    op.create_index("ix_sign_in_tries_at", "sign_in_tries", ["at"])


def _security_events() -> None:
    op.create_table(
        "security_events",
        sa.Column("id", sa.Uuid, nullable=False),
        _at(),
        sa.Column("kind", sa.Text, nullable=False),
        *map(_text, ("who", "subject", "detail", "address")),
        sa.PrimaryKeyConstraint("id", name="pk_security_events"),
    )
    op.execute(
        "CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for table in ("security_events", "sign_in_tries", "sign_ins", "people"):
        op.drop_table(table)
