"""Datasets in versions; evaluations, their cells and scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0009"
down_revision = "0008"

CELL = ["evaluation_id", "variant", "item", "repeat"]


def upgrade() -> None:
    _datasets()
    _dataset_items()
    _evaluations()
    _cells()
    _scores()


def downgrade() -> None:
    for table in ("scores", "evaluation_cells", "evaluations", "dataset_items", "dataset_versions", "datasets"):
        op.drop_table(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, server_default="", nullable=False)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _datasets() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _text("description"),
        sa.Column("archived", sa.Boolean, server_default="false", nullable=False),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        _text("created_by"),
        _now("created_at"),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("name", name="uq_datasets_name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_datasets_name_length")),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("dataset_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("last_item", sa.Integer, server_default="0", nullable=False),
        sa.Column("frozen", sa.Boolean, server_default="false", nullable=False),
        _text("author"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("dataset_id", "number", name="pk_dataset_versions"),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_versions_dataset_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_dataset_versions_number_from_one")),
    )


def _dataset_items() -> None:
    op.create_table(
        "dataset_items",
        sa.Column("dataset_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("variables", pg.JSONB, server_default="{}", nullable=False),
        _text("expected"),
        _text("notes"),
        sa.PrimaryKeyConstraint("dataset_id", "version", "number", name="pk_dataset_items"),
        sa.ForeignKeyConstraint(
            ["dataset_id", "version"],
            ["dataset_versions.dataset_id", "dataset_versions.number"],
            name="fk_dataset_items_dataset_id_version",
            ondelete="CASCADE",
        ),
    )


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("plan", pg.JSON, nullable=False),
        sa.Column("evaluators", pg.JSON, nullable=False),
        sa.Column("status", sa.Text, server_default="running", nullable=False),
        _text("reason"),
        sa.Column("ceiling_usd", sa.Float),
        _text("created_by"),
        _now("created_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_evaluations_dataset_id"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_evaluations_name_length")),
        sa.CheckConstraint(
            "status IN ('running', 'paused', 'cancelled', 'done')", name=op.f("ck_evaluations_status_known")
        ),
    )
    op.create_index("ix_evaluations_dataset_id", "evaluations", ["dataset_id"])
    op.create_index("ix_evaluations_running", "evaluations", ["id"], postgresql_where=sa.text("status = 'running'"))


def _cells() -> None:
    op.create_table(
        "evaluation_cells",
        sa.Column("evaluation_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in CELL[1:]),
        sa.Column("run_id", sa.Uuid),
        sa.Column("state", sa.Text, server_default="planned", nullable=False),
        _text("problem"),
        sa.Column("charged_usd", sa.Float, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(*CELL, name="pk_evaluation_cells"),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name="fk_evaluation_cells_evaluation_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'under_way', 'ended', 'impossible')", name=op.f("ck_evaluation_cells_state_known")
        ),
        sa.CheckConstraint(
            "(state IN ('under_way', 'ended')) = (run_id IS NOT NULL)",
            name=op.f("ck_evaluation_cells_started_has_run"),
        ),
    )
    for name, columns, where in (
        ("planned", ["evaluation_id", "repeat", "item", "variant"], "state = 'planned'"),
        ("under_way", ["evaluation_id"], "state = 'under_way'"),
        ("run_id", ["run_id"], None),
    ):
        op.create_index(
            f"ix_evaluation_cells_{name}",
            "evaluation_cells",
            columns,
            postgresql_where=sa.text(where) if where else None,
        )


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("evaluation_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in CELL[1:]),
        sa.Column("evaluator", sa.Text, nullable=False),
        _text("who"),
        sa.Column("passed", sa.Boolean),
        sa.Column("value", sa.Float),
        _text("reason"),
        sa.Column("run_id", sa.Uuid),
        sa.Column("pending", sa.Boolean, server_default="false", nullable=False),
        sa.Column("charged_usd", sa.Float, server_default="0", nullable=False),
        _now("at"),
        sa.PrimaryKeyConstraint(*CELL, "evaluator", "who", name="pk_scores"),
        sa.ForeignKeyConstraint(
            CELL, [f"evaluation_cells.{name}" for name in CELL], name="fk_scores_cell", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_scores_pending", "scores", ["evaluation_id"], postgresql_where=sa.text("pending"))
