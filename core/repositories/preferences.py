"""Choices of the workspace: the table `preferences`."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tool_tables import PreferenceRow
from core.domain.result import Result
from core.repositories.writing import guarded


class PreferenceRepository:
    """Reads and writes rows of `preferences`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> dict[str, Any]:
        """Empty when nobody chose."""
        return self._session.scalar(select(PreferenceRow.value).where(PreferenceRow.name == name)) or {}

    def put(self, name: str, value: dict[str, Any], who: str) -> Result[str]:
        row = insert(PreferenceRow).values(name=name, value=value, updated_by=who)
        changes = {"value": value, "updated_by": who, "updated_at": func.now()}
        statement = row.on_conflict_do_update(index_elements=[PreferenceRow.name], set_=changes)
        put = statement.returning(PreferenceRow.name)
        return guarded(self._session, lambda: self._session.scalars(put).one(), {}, name, value, who)

    def claim(self, name: str) -> bool:
        """True for exactly one caller ever: it wrote the name first. Others wait for its unit of work to end."""
        row = insert(PreferenceRow).values(name=name, value={}).on_conflict_do_nothing()
        return self._session.scalar(row.returning(PreferenceRow.name)) is not None

    def delete(self, name: str) -> None:
        self._session.execute(delete(PreferenceRow).where(PreferenceRow.name == name))
