from datetime import UTC, datetime
from uuid import UUID

from core.domain.branches import branch, left_behind, newest_leaf, path_through, siblings
from core.domain.run import Run

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def run(number, parent=None):
    parent_id = UUID(int=parent) if parent else None
    return Run(id=UUID(int=number), kind="chat", status="done", parent_run_id=parent_id, created_at=NOW)


# 1 ─ 2 ─ 3
#  ╲    ╲ 5
#   4 ─ 6
TREE = [run(1), run(2, 1), run(3, 2), run(4, 1), run(5, 2), run(6, 4)]


def numbers(runs):
    return [run.id.int for run in runs]


def test_the_newest_branch():
    assert numbers(branch(TREE)) == [1, 4, 6]


def test_the_branch_that_ends_at_a_run():
    assert numbers(branch(TREE, UUID(int=3))) == [1, 2, 3]
    assert numbers(branch(TREE, UUID(int=2))) == [1, 2]
    assert branch(TREE, UUID(int=99)) == []
    assert branch([]) == []


def test_siblings_answer_the_same_message():
    assert numbers(siblings(TREE, TREE[1])) == [2, 4]
    assert numbers(siblings(TREE, TREE[0])) == [1]


def test_where_a_branch_goes_on():
    assert newest_leaf(TREE, UUID(int=2)) == UUID(int=5)
    assert newest_leaf(TREE, UUID(int=1)) == UUID(int=6)
    assert newest_leaf(TREE, UUID(int=3)) == UUID(int=3)


def test_the_branch_that_goes_through_a_run():
    assert numbers(path_through(TREE, UUID(int=2))) == [1, 2, 5]
    assert numbers(path_through(TREE, UUID(int=3))) == [1, 2, 3]
    assert numbers(path_through(TREE, UUID(int=99))) == numbers(path_through(TREE, None)) == [1, 4, 6]
    assert path_through([], None) == []


def test_what_a_branch_leaves_behind():
    assert numbers(left_behind(TREE, TREE[3])) == [2, 3, 5]
    assert numbers(left_behind(TREE, TREE[1])) == [4, 6]
    assert numbers(left_behind(TREE, TREE[2])) == [5]
    assert left_behind(TREE, TREE[0]) == []
