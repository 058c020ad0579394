"""Facts stay as they were written: the database itself refuses to change them."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.support.rows import fill


@pytest.fixture(autouse=True)
def _rows(engine: Engine) -> None:
    fill(engine)


@pytest.mark.parametrize(
    ("statement", "trigger"),
    [
        ("UPDATE run_events SET body = '{\"another\": 1}'", "run_events_append_only"),
        ("UPDATE run_events SET seq = seq WHERE false", "run_events_append_only"),
        ("DELETE FROM run_events", "run_events_removed_whole"),
        ("UPDATE removed_runs SET reason = 'another'", "removed_runs_append_only"),
        ("DELETE FROM removed_runs", "removed_runs_append_only"),
        ("TRUNCATE run_events", "run_events_append_only"),
        ("TRUNCATE runs CASCADE", "run_events_append_only"),
        ("UPDATE security_events SET who = 'another'", "security_events_append_only"),
        ("DELETE FROM security_events", "security_events_append_only"),
        ("TRUNCATE security_events", "security_events_append_only"),
        (
            "INSERT INTO run_events SELECT * FROM run_events ON CONFLICT (run_id, seq) DO UPDATE SET kind = 'claimed'",
            "run_events_append_only",
        ),
        ("UPDATE agent_revisions SET spec = '{\"another\": 1}'", "agent_revisions_immutable"),
        ("UPDATE agent_revisions SET note = 'another'", "agent_revisions_immutable"),
        ("UPDATE agent_releases SET reason = 'another'", "agent_releases_immutable"),
        *(
            (f"UPDATE {table} SET {change}", f"{table}_immutable")
            for table in ("system_prompts", "user_prompts")
            for change in ("text = 'another'", "variables = '[1]'", "name = 'another'", "label = 'l', number = 2")
        ),
    ],
)
def test_a_change_is_refused_and_the_refusal_names_its_rule(engine: Engine, statement: str, trigger: str):
    with engine.connect() as connection, pytest.raises(IntegrityError, match="stay as they were written") as refused:
        connection.execute(text(statement))
    assert refused.value.orig.diag.constraint_name == trigger  # type: ignore[union-attr]


def test_a_run_with_a_journal_cannot_be_deleted(engine: Engine):
    with engine.connect() as connection, pytest.raises(IntegrityError, match="fk_run_events_run_id"):
        connection.execute(text("DELETE FROM runs"))


@pytest.mark.parametrize("table", ["system_prompts", "user_prompts"])
def test_a_prompt_may_be_labelled_later(engine: Engine, table: str):
    with engine.connect() as connection:
        connection.execute(text(f"UPDATE {table} SET label = 'production'"))
        assert connection.scalar(text(f"SELECT label FROM {table}")) == "production"


def test_deleting_an_agent_keeps_its_runs(engine: Engine):
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM agents"))
        assert connection.scalar(text("SELECT count(*) FROM run_events")) == 1
