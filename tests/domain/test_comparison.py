from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from core.domain.comparison import (
    Cell,
    Column,
    Comparison,
    Turn,
    Vote,
    moved,
    parent_of,
    tally,
    with_column,
    with_column_back,
    with_problem,
    with_runs,
    with_shown,
    with_turn,
    with_variant,
    with_vote,
    without_column,
)
from core.domain.message import Usage
from core.domain.result import Err, Ok
from core.domain.run import Run, Totals
from core.domain.spread import Range, spread
from core.domain.variant import Variant
from core.ids import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def comparison(columns: int = 3, **changes: object) -> Comparison:
    made = tuple(Column(id=new_id(), variant=Variant(name=name)) for name in "ABCD"[:columns])
    return replace(Comparison(id=new_id(), columns=made, created_at=NOW, updated_at=NOW), **changes)


def names(one: Comparison) -> str:
    return "".join(column.variant.name for column in one.shown)


def good(result):
    assert isinstance(result, Ok), result
    return result.value


def asked(one: Comparison, text: str = "hello") -> Comparison:
    """One more message that every column has answered with one run."""
    one = with_turn(one, Turn(input=text))
    for column in one.shown:
        one = good(with_runs(one, len(one.turns) - 1, column.id, [new_id()]))
    return one


def test_a_comparison_survives_being_written_down():
    one = asked(comparison())
    one = good(with_vote(one, Vote(turn=0, winner=one.columns[1].id, who="ada", at=NOW)))
    assert msgspec.json.decode(msgspec.json.encode(one), type=Comparison) == one


def test_a_column_moves_by_changing_places_with_its_neighbour_and_stops_at_the_edge():
    one = comparison()
    first = one.columns[0].id
    assert names(good(moved(one, first, 1))) == "BAC"
    assert names(good(moved(one, first, -1))) == "ABC"


def test_two_to_four_columns():
    one = comparison(4)
    assert isinstance(with_column(one, Column(id=new_id(), variant=Variant())), Err)
    one = good(without_column(good(without_column(one, one.columns[1].id)), one.columns[2].id))
    assert names(one) == "AD"
    assert isinstance(without_column(one, one.columns[0].id), Err)


def test_a_removed_column_comes_back_with_what_it_answered():
    one = asked(comparison())
    column = one.columns[0]
    back = good(with_column_back(good(without_column(one, column.id)), column.id))
    assert names(back) == "ABC"
    assert back.turns[0].cell(column.id).run == one.turns[0].cell(column.id).run


def test_changing_a_column_leaves_the_others_alone():
    one = comparison()
    assert names(good(with_variant(one, one.columns[1].id, Variant(name="X")))) == "AXC"
    assert isinstance(with_variant(one, new_id(), Variant()), Err)


def test_every_column_replies_to_its_own_last_answer():
    one = asked(asked(comparison()))
    column = one.columns[2].id
    assert good(parent_of(one, 0, column)) is None
    assert good(parent_of(one, 1, column)) == one.turns[0].cell(column).run


def test_a_column_that_missed_a_message_cannot_answer_the_next():
    one = asked(comparison(2))
    late = Column(id=new_id(), variant=Variant(name="late"))
    one = with_turn(good(with_column(one, late)), Turn(input="next"))
    assert isinstance(parent_of(one, 1, late.id), Err)
    one = good(with_runs(one, 0, late.id, [new_id()]))
    assert isinstance(parent_of(one, 1, late.id), Ok)


def test_a_repetition_is_shown_and_the_run_before_it_is_kept():
    one = asked(comparison())
    column = one.columns[0].id
    again = [new_id(), new_id()]
    cell = good(with_runs(one, 0, column, again)).turns[0].cell(column)
    assert (len(cell.runs), cell.run) == (3, again[0])


def test_what_was_gone_on_from_stays():
    one = asked(asked(comparison()))
    column = one.columns[0].id
    assert isinstance(with_runs(one, 0, column, [new_id()]), Err)
    assert isinstance(with_shown(one, 0, column, 0), Err)


def test_another_run_of_the_last_message_can_be_shown():
    one = asked(comparison())
    column = one.columns[0].id
    one = good(with_runs(one, 0, column, [new_id()]))
    assert good(with_shown(one, 0, column, 0)).turns[0].cell(column).shown == 0
    assert isinstance(with_shown(one, 0, column, 2), Err)


def test_a_run_that_could_not_start_is_none_and_the_cell_says_why():
    one = asked(comparison())
    column = one.columns[0].id
    run = one.turns[0].cell(column).run
    assert with_problem(one, 0, column, run, "No such endpoint.").turns[0].cell(column) == Cell(
        column=column, problem="No such endpoint."
    )


def test_a_blind_comparison_keeps_its_order_and_loses_it_when_a_column_is_added():
    one = comparison()
    blind = replace(one, shuffled=tuple(column.id for column in reversed(one.columns)))
    assert names(blind) == "CBA"
    assert names(good(moved(blind, blind.columns[0].id, -1))) == "CAB"
    assert names(good(without_column(blind, blind.columns[1].id))) == "CA"
    assert not good(with_column(blind, Column(id=new_id(), variant=Variant(name="D")))).is_blind


def test_a_person_has_one_vote_a_message_and_ties_count():
    one = asked(asked(comparison()))
    first, second = one.columns[0].id, one.columns[1].id
    for turn, winner, who in ((0, first, "ada"), (0, second, "ada"), (0, None, "bob"), (1, second, "ada")):
        one = good(with_vote(one, Vote(turn=turn, winner=winner, who=who, at=NOW)))
    counted = tally(one)
    assert (counted.wins[first], counted.wins[second], counted.ties, counted.votes) == (0, 2, 1, 3)


def test_a_vote_about_nothing_is_refused():
    one = comparison()
    assert isinstance(with_vote(one, Vote(turn=0, winner=None, at=NOW)), Err)
    assert isinstance(with_vote(asked(one), Vote(turn=0, winner=new_id(), at=NOW)), Err)


def ran(seconds: float, tokens: int | None = None, status: str = "done") -> Run:
    usage = Usage(total_tokens=tokens) if tokens is not None else None
    return Run(id=new_id(), kind="compare", status=status, totals=Totals(active_s=seconds, usage=usage), created_at=NOW)


def test_the_spread_of_several_runs():
    runs = [ran(1.0, 10), ran(4.0, 30), ran(2.0, 20), ran(9.0, status="failed"), ran(0.5, status="running")]
    found = spread(runs, ["  Yes, \n it is", "No", "Yes, it is"])
    assert (found.runs, found.ended, found.failed, found.same) == (5, 4, 1, 2)
    assert found.seconds == Range(1.0, 3.0, 9.0)
    assert found.tokens == Range(10, 20, 30)
    assert found.cost_usd is None


@pytest.mark.parametrize("runs", [[], [ran(1.0, status="running")]])
def test_no_spread_before_anything_has_ended(runs):
    assert spread(runs, []).seconds is None
