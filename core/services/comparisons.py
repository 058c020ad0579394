"""Comparisons: which variants stand side by side, what they were asked, and what was thought of their answers."""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.comparison import (
    FEWEST_COLUMNS,
    MOST_COLUMNS,
    Cell,
    Column,
    Comparison,
    Turn,
    Vote,
    moved,
    with_column,
    with_column_back,
    with_shown,
    with_variant,
    with_vote,
    without_column,
)
from core.domain.result import Err, Ok, Result
from core.domain.tool import ToolMode
from core.domain.variant import Variant
from core.ids import new_id
from core.repositories.comparisons import GONE, ComparisonRepository
from core.services.agents import AgentService, Saved
from core.services.comparison_origin import Origin
from core.services.keeping import keep
from core.services.variants import VariantService

Comparisons = list[Comparison]
Change = Callable[[Comparison], Result[Comparison]]
TITLE_CHARS = 200


class ComparisonService:
    """The document of a comparison. Its messages are sent, repeated and stopped by `ComparisonRunService`."""

    def __init__(self, engine: Engine, agents: AgentService, variants: VariantService) -> None:
        self._engine, self._agents, self._variants = engine, agents, variants

    def get(self, comparison_id: UUID) -> Comparison | None:
        with UnitOfWork(self._engine) as unit:
            return ComparisonRepository(unit.session).get(comparison_id)

    def list(self, search: str = "", *, archived: bool = False, limit: int = 100) -> Comparisons:
        """The one that was changed last comes first."""
        with UnitOfWork(self._engine) as unit:
            return ComparisonRepository(unit.session).list(search.strip(), archived=archived, limit=limit)

    def create(
        self, variants: Iterable[Variant], who: str, title: str = "", tool_mode: ToolMode = "dry_run"
    ) -> Result[Comparison]:
        """Two to four variants, nothing asked yet."""
        columns = tuple(Column(id=new_id(), variant=variant) for variant in variants)
        if not FEWEST_COLUMNS <= len(columns) <= MOST_COLUMNS:
            return Err("invalid", f"A comparison has {FEWEST_COLUMNS} to {MOST_COLUMNS} columns.", "columns")
        return self._add(_new(columns, who, title=_title(title), tool_mode=tool_mode))

    def from_run(self, run_id: UUID, who: str) -> Result[Comparison]:
        """A run beside a column that is like it: change that one, and run the same message there."""
        origin = Origin(self._engine, self._variants).of(run_id)
        if isinstance(origin, Err):
            return origin
        first, second = (Column(id=new_id(), variant=origin.value.variant) for _ in range(2))
        taken, cell = origin.value, Cell(column=first.id, runs=(run_id,))
        turn = Turn(input=taken.input, attachments=taken.attachments, cells=(cell,))
        title = _title(origin.value.input)
        return self._add(_new((first, second), who, title=title, turns=(turn,), origin_run_id=run_id))

    def rename(self, comparison_id: UUID, title: str) -> Result[Comparison]:
        return self.change(comparison_id, lambda one: Ok(replace(one, title=_title(title))))

    def archive(self, comparison_id: UUID, *, archived: bool = True) -> Result[Comparison]:
        return self.change(comparison_id, lambda one: Ok(replace(one, archived=archived)))

    def set_tool_mode(self, comparison_id: UUID, mode: ToolMode) -> Result[Comparison]:
        """What becomes of tool calls from the next message on."""
        return self.change(comparison_id, lambda one: Ok(replace(one, tool_mode=mode)))

    def add_column(self, comparison_id: UUID, variant: Variant) -> Result[Comparison]:
        column = Column(id=new_id(), variant=variant)
        return self.change(comparison_id, lambda one: with_column(one, column))

    def change_column(self, comparison_id: UUID, column_id: UUID, variant: Variant) -> Result[Comparison]:
        """What the column runs from its next message on."""
        return self.change(comparison_id, lambda one: with_variant(one, column_id, variant))

    def remove_column(self, comparison_id: UUID, column_id: UUID) -> Result[Comparison]:
        return self.change(comparison_id, lambda one: without_column(one, column_id))

    def bring_back(self, comparison_id: UUID, column_id: UUID) -> Result[Comparison]:
        return self.change(comparison_id, lambda one: with_column_back(one, column_id))

    def move_column(self, comparison_id: UUID, column_id: UUID, by: int) -> Result[Comparison]:
        return self.change(comparison_id, lambda one: moved(one, column_id, by))

    def show(self, comparison_id: UUID, turn: int, column_id: UUID, place: int) -> Result[Comparison]:
        """Another of the runs that one message had in a column."""
        return self.change(comparison_id, lambda one: with_shown(one, turn, column_id, place))

    def make_blind(self, comparison_id: UUID) -> Result[Comparison]:
        """Names are out of sight and the columns stand in an order that nobody chose, until they are revealed."""

        def shuffle(one: Comparison) -> Result[Comparison]:
            order = [column.id for column in one.columns if not column.removed]
            secrets.SystemRandom().shuffle(order)
            return Ok(replace(one, shuffled=tuple(order)))

        return self.change(comparison_id, shuffle)

    def reveal(self, comparison_id: UUID) -> Result[Comparison]:
        return self.change(comparison_id, lambda one: Ok(replace(one, shuffled=())))

    def vote(self, comparison_id: UUID, turn: int, winner: UUID | None, who: str) -> Result[Comparison]:
        """The best answer to a message; without a winner a tie. A person has one vote a message."""
        at = datetime.now(UTC)
        return self.change(
            comparison_id,
            lambda one: with_vote(one, Vote(turn=turn, winner=winner, who=who, blind=one.is_blind, at=at)),
        )

    def save_winner(self, comparison_id: UUID, column_id: UUID, who: str, note: str = "") -> Result[Saved]:
        """Make what a column runs the live revision of its agent; the agent's draft stays."""
        comparison = self.get(comparison_id)
        column = comparison.column(column_id) if comparison else None
        if column is None:
            return GONE
        resolved = self._variants.resolve(column.variant)
        if isinstance(resolved, Err):
            return resolved
        if resolved.value.agent is None:
            return Err(
                "invalid", "This column is no saved agent, so it has no revisions. Save it as an agent.", "agent"
            )
        return self._agents.publish(resolved.value.agent.id, resolved.value.spec, who, note)

    def change(self, comparison_id: UUID, change: Change) -> Result[Comparison]:
        """Of two changes at once both last: the second is made of what the first left."""
        with UnitOfWork(self._engine) as unit:
            comparisons = ComparisonRepository(unit.session)
            found = comparisons.get(comparison_id, lock=True)
            if found is None:
                return GONE
            made = change(found)
            return made if isinstance(made, Err) else keep(unit, comparisons.save(made.value))

    def _add(self, comparison: Comparison) -> Result[Comparison]:
        with UnitOfWork(self._engine) as unit:
            return keep(unit, ComparisonRepository(unit.session).add(comparison))


def _new(columns: tuple[Column, ...], who: str, **given: object) -> Comparison:
    at = datetime.now(UTC)
    start = Comparison(id=new_id(), columns=columns, created_by=who, created_at=at, updated_at=at)
    return replace(start, **given)


def _title(text: str) -> str:
    return " ".join(text.split())[:TITLE_CHARS]
