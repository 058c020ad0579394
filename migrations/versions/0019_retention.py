"""Runs can be removed as a whole, each leaving a mark that keeps its last hash; workers say whether they adopt runs."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

REFUSE_UNMARKED = """
CREATE FUNCTION refuse_unmarked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed_runs WHERE run_id = OLD.run_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% of % is refused: its rows stay as they were written', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END $$
"""
"""An entry goes with its whole run, after the mark that stands for it."""

REQUIRE_TRUE = """
CREATE FUNCTION require_true_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM runs WHERE id = NEW.run_id AND next_seq = NEW.entries AND head = NEW.head
                  AND status IN ('done', 'failed', 'cancelled')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A mark is refused: run % has not ended, or its journal is another one', NEW.run_id
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END $$
"""


def upgrade() -> None:
    _marks()
    op.execute(REFUSE_UNMARKED)
    op.execute("DROP TRIGGER run_events_append_only ON run_events")
    _append_only("UPDATE OR TRUNCATE")
    op.execute(
        "CREATE TRIGGER run_events_removed_whole BEFORE DELETE ON run_events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unmarked()"
    )
    op.add_column("workers", sa.Column("adopts", sa.Integer, server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("workers", "adopts")
    op.execute("DROP TRIGGER run_events_removed_whole ON run_events")
    op.execute("DROP TRIGGER run_events_append_only ON run_events")
    _append_only("UPDATE OR DELETE OR TRUNCATE")
    op.drop_table("removed_runs")
    op.execute("DROP FUNCTION refuse_unmarked()")
    op.execute("DROP FUNCTION require_true_mark()")


def _append_only(what: str) -> None:
    op.execute(
        f"CREATE TRIGGER run_events_append_only BEFORE {what} ON run_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _marks() -> None:
    op.create_table(
        "removed_runs",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_removed_runs"),
        sa.UniqueConstraint("run_id", name="uq_removed_runs_run_id"),
    )
    op.execute(REQUIRE_TRUE)
    op.execute(
        "CREATE TRIGGER removed_runs_true BEFORE INSERT ON removed_runs "
        "FOR EACH ROW EXECUTE FUNCTION require_true_mark()"
    )
    op.execute(
        "CREATE TRIGGER removed_runs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON removed_runs "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
