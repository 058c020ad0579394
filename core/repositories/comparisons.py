"""Comparisons: the table `comparisons`."""

from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.comparison_tables import ComparisonRow
from core.domain.comparison import Comparison
from core.domain.result import Err, Result
from core.repositories.writing import guarded, inserted, matches, present

_REFUSALS = {
    "ck_comparisons_title_length": Err("invalid", "A title has at most 200 characters.", "title"),
    "fk_comparisons_origin_run_id": Err("not_found", "There is no such run any more.", "origin_run_id"),
}
GONE = Err("not_found", "There is no such comparison any more.")
_KEPT = ("title", "tool_mode", "columns", "turns", "votes", "shuffled", "archived")


class ComparisonRepository:
    """Reads and writes rows of `comparisons`, each as a whole."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, comparison_id: UUID, *, lock: bool = False) -> Comparison | None:
        """With `lock` nobody else changes it until this unit of work ends."""
        statement = select(ComparisonRow).where(ComparisonRow.id == comparison_id)
        row = self._session.scalar(statement.with_for_update() if lock else statement)
        return None if row is None else _comparison(row)

    def list(self, search: str = "", *, archived: bool = False, limit: int = 100) -> list[Comparison]:
        """The one that was changed last comes first."""
        statement = select(ComparisonRow).where(ComparisonRow.archived == archived)
        if search:
            statement = statement.where(matches(search, (ComparisonRow.title,)))
        newest = (ComparisonRow.updated_at.desc(), ComparisonRow.id.desc())
        return [_comparison(row) for row in self._session.scalars(statement.order_by(*newest).limit(limit))]

    def add(self, comparison: Comparison) -> Result[Comparison]:
        written = msgspec.to_builtins(comparison, builtin_types=(UUID,))
        given = {name: written[name] for name in ("id", "origin_run_id", "created_by", "title", "tool_mode")}
        row = ComparisonRow(**given, columns=_plain(comparison.columns), turns=_plain(comparison.turns))
        return inserted(self._session, row, Comparison, _REFUSALS)

    def save(self, comparison: Comparison) -> Result[Comparison]:
        """Keep what it has become; it is then the newest of the list."""
        changes = {name: _plain(getattr(comparison, name)) for name in _KEPT}
        statement = (
            update(ComparisonRow)
            .where(ComparisonRow.id == comparison.id)
            .values(**changes, updated_at=func.clock_timestamp())
            .returning(ComparisonRow)
            .execution_options(populate_existing=True)
        )

        def act() -> Comparison | None:
            row = self._session.scalar(statement)
            return None if row is None else _comparison(row)

        return present(guarded(self._session, act, _REFUSALS, changes), GONE)


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)


def _comparison(row: ComparisonRow) -> Comparison:
    return msgspec.convert(row, Comparison, from_attributes=True)
