"""A unit of work is forgotten unless it is committed."""

import pytest
from sqlalchemy import Engine, text

from core.db.run_tables import WorkerRow
from core.db.unit import UnitOfWork


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT name FROM workers ORDER BY name")))


def add(unit: UnitOfWork, name: str, key: int) -> None:
    unit.session.add(WorkerRow(name=name, key=key, pid=1))
    unit.session.flush()


def test_what_is_committed_stays(engine: Engine):
    with UnitOfWork(engine) as unit:
        add(unit, "a", 1)
        unit.commit()
    assert names(engine) == ["a"]


def test_leaving_without_a_commit_forgets(engine: Engine):
    with UnitOfWork(engine) as unit:
        add(unit, "a", 1)
    assert names(engine) == []


def test_an_error_forgets_what_was_not_committed_before_it(engine: Engine):
    def fail() -> None:
        with UnitOfWork(engine) as unit:
            add(unit, "kept", 1)
            unit.commit()
            add(unit, "forgotten", 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(engine) == ["kept"]


def test_rows_can_be_read_after_the_commit_and_the_connection_goes_back(engine: Engine):
    with UnitOfWork(engine) as unit:
        row = WorkerRow(name="a", key=1, pid=7)
        unit.session.add(row)
        unit.commit()
    assert row.pid == 7
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
