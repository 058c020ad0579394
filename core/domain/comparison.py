"""A comparison: one input against two to four variants side by side, turn by turn. Pure; every change is a new value."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from core.domain.attachment import Attachment
from core.domain.result import Err, Ok, Result
from core.domain.tool import ToolMode
from core.domain.variant import Variant

FEWEST_COLUMNS = 2
MOST_COLUMNS = 4
MOST_RUNS = 20
"""So often one message may be run at once in one column."""
_NO_COLUMN = Err("not_found", "This comparison has no such column any more.")
_NO_TURN = Err("not_found", "This comparison has no such message.")


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One variant and the conversation with it."""

    id: UUID
    variant: Variant
    removed: bool = False
    """Out of sight; what it answered is kept, and it can be brought back."""


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one column made of one message."""

    column: UUID
    runs: tuple[UUID, ...] = ()
    """Every run of the message in this column, oldest first."""
    shown: int = 0
    """Place of the run that is shown, and that the conversation goes on from."""
    problem: str = ""
    """Why it could not be started; empty: it could."""

    @property
    def run(self) -> UUID | None:
        return self.runs[self.shown] if self.runs else None


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to all columns."""

    input: str
    values: dict[str, str] = {}
    """Of the variables in the columns' prompts."""
    attachments: tuple[Attachment, ...] = ()
    cells: tuple[Cell, ...] = ()

    def cell(self, column: UUID) -> Cell:
        """What the column made of it; an empty cell where it was never asked."""
        return next((cell for cell in self.cells if cell.column == column), Cell(column=column))


class Vote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who was judged the best at one message."""

    turn: int
    winner: UUID | None = None
    """None: a tie."""
    who: str = ""
    blind: bool = False
    at: datetime


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str = ""
    tool_mode: ToolMode = "dry_run"
    columns: tuple[Column, ...] = ()
    turns: tuple[Turn, ...] = ()
    votes: tuple[Vote, ...] = ()
    shuffled: tuple[UUID, ...] = ()
    """The columns in the order in which a blind comparison shows them; empty: it is not blind."""
    origin_run_id: UUID | None = None
    """The run it was begun from."""
    archived: bool = False
    created_by: str = ""
    created_at: datetime
    updated_at: datetime

    @property
    def is_blind(self) -> bool:
        return bool(self.shuffled)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns in sight, in the order in which they stand."""
        there = tuple(column for column in self.columns if not column.removed)
        return tuple(sorted(there, key=lambda column: self.shuffled.index(column.id))) if self.is_blind else there

    @property
    def removed(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.removed)

    def column(self, column_id: UUID) -> Column | None:
        return next((column for column in self.columns if column.id == column_id), None)

    def runs(self) -> tuple[UUID, ...]:
        """Every run of it, oldest message first."""
        return tuple(run for turn in self.turns for cell in turn.cells for run in cell.runs)


def with_column(comparison: Comparison, column: Column) -> Result[Comparison]:
    """One more at the end; a blind comparison ends being blind, since the order would tell."""
    if len(comparison.shown) >= MOST_COLUMNS:
        return Err("conflict", f"A comparison has at most {MOST_COLUMNS} columns. Remove one first.")
    return Ok(replace(comparison, columns=(*comparison.columns, column), shuffled=()))


def with_variant(comparison: Comparison, column_id: UUID, variant: Variant) -> Result[Comparison]:
    """What the column runs from its next message on."""
    return _changed(comparison, column_id, variant=variant)


def without_column(comparison: Comparison, column_id: UUID) -> Result[Comparison]:
    if len(comparison.shown) <= FEWEST_COLUMNS:
        return Err("conflict", f"A comparison has at least {FEWEST_COLUMNS} columns. Add another one first.")
    shuffled = tuple(one for one in comparison.shuffled if one != column_id)
    return _changed(replace(comparison, shuffled=shuffled), column_id, removed=True)


def with_column_back(comparison: Comparison, column_id: UUID) -> Result[Comparison]:
    if len(comparison.shown) >= MOST_COLUMNS:
        return Err("conflict", f"A comparison has at most {MOST_COLUMNS} columns. Remove one first.")
    return _changed(replace(comparison, shuffled=()), column_id, removed=False)


def _changed(comparison: Comparison, column_id: UUID, **changes: object) -> Result[Comparison]:
    if comparison.column(column_id) is None:
        return _NO_COLUMN
    columns = tuple(replace(one, **changes) if one.id == column_id else one for one in comparison.columns)
    return Ok(replace(comparison, columns=columns))


def moved(comparison: Comparison, column_id: UUID, by: int) -> Result[Comparison]:
    """The column swapped with its neighbour: `by` -1 to the left, 1 to the right. At an edge nothing changes."""
    order = [column.id for column in comparison.shown]
    if column_id not in order:
        return _NO_COLUMN
    at = order.index(column_id)
    to = min(max(at + by, 0), len(order) - 1)
    order[at], order[to] = order[to], order[at]
    if comparison.is_blind:
        return Ok(replace(comparison, shuffled=tuple(order)))
    by_id = {column.id: column for column in comparison.columns}
    return Ok(replace(comparison, columns=(*(by_id[one] for one in order), *comparison.removed)))


def with_turn(comparison: Comparison, turn: Turn) -> Comparison:
    """One more message; nobody has answered it yet."""
    return replace(comparison, turns=(*comparison.turns, turn))


def with_runs(comparison: Comparison, turn: int, column_id: UUID, run_ids: Sequence[UUID]) -> Result[Comparison]:
    """More runs of a message in a column; the first of them is shown. Earlier messages are history: they stay."""
    if comparison.column(column_id) is None:
        return _NO_COLUMN
    if not 0 <= turn < len(comparison.turns):
        return _NO_TURN
    if any(later.cell(column_id).runs for later in comparison.turns[turn + 1 :]):
        return Err("conflict", "The column has answered a later message already. Only its last answer can be repeated.")
    cell = comparison.turns[turn].cell(column_id)
    cell = replace(cell, runs=(*cell.runs, *run_ids), shown=len(cell.runs), problem="")
    return Ok(_with_cell(comparison, turn, cell))


def with_problem(comparison: Comparison, turn: int, column_id: UUID, run_id: UUID, problem: str) -> Comparison:
    """The run could not be started, so it is none; the cell says why."""
    cell = comparison.turns[turn].cell(column_id)
    runs = tuple(run for run in cell.runs if run != run_id)
    return _with_cell(comparison, turn, replace(cell, runs=runs, shown=max(len(runs) - 1, 0), problem=problem))


def with_shown(comparison: Comparison, turn: int, column_id: UUID, place: int) -> Result[Comparison]:
    """Show another run of the message. Behind a later message it stays the one that was gone on from."""
    if not 0 <= turn < len(comparison.turns):
        return _NO_TURN
    cell = comparison.turns[turn].cell(column_id)
    if not 0 <= place < len(cell.runs):
        return Err("not_found", "There is no such run of this message.")
    if any(later.cell(column_id).runs for later in comparison.turns[turn + 1 :]):
        return Err("conflict", "The conversation went on from the run that is shown.")
    return Ok(_with_cell(comparison, turn, replace(cell, shown=place)))


def _with_cell(comparison: Comparison, turn: int, cell: Cell) -> Comparison:
    old = comparison.turns[turn]
    columns = [one.column for one in old.cells]
    cells = (*old.cells, cell) if cell.column not in columns else _in_place(old.cells, cell)
    turns = (*comparison.turns[:turn], replace(old, cells=cells), *comparison.turns[turn + 1 :])
    return replace(comparison, turns=turns)


def _in_place(cells: tuple[Cell, ...], cell: Cell) -> tuple[Cell, ...]:
    return tuple(cell if one.column == cell.column else one for one in cells)


def parent_of(comparison: Comparison, turn: int, column_id: UUID) -> Result[UUID | None]:
    """The run that a message replies to in a column; None for the first message. A gap before it is refused."""
    if turn == 0:
        return Ok(None)
    before = comparison.turns[turn - 1].cell(column_id).run
    if before is None:
        return Err("conflict", "The column has not answered the message before this one. Run that one first.")
    return Ok(before)


def with_vote(comparison: Comparison, vote: Vote) -> Result[Comparison]:
    """One vote a person and message: a later one takes the place of the earlier."""
    if not 0 <= vote.turn < len(comparison.turns):
        return _NO_TURN
    if vote.winner is not None and comparison.column(vote.winner) is None:
        return _NO_COLUMN
    others = tuple(one for one in comparison.votes if (one.turn, one.who) != (vote.turn, vote.who))
    return Ok(replace(comparison, votes=(*others, vote)))


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What the votes come to. `wins` by column."""

    wins: dict[UUID, int]
    ties: int = 0

    @property
    def votes(self) -> int:
        return sum(self.wins.values()) + self.ties


def tally(comparison: Comparison) -> Tally:
    counts = Counter(vote.winner for vote in comparison.votes)
    return Tally(wins={column.id: counts[column.id] for column in comparison.columns}, ties=counts[None])
