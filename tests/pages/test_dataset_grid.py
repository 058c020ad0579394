"""What a person does in the grid arrives in the dataset; the grid's state is that of Streamlit's data editor."""

import pytest

from core.domain.dataset import Item
from core.services.datasets import DatasetService
from pages.components.dataset_grid import Shown, changes_since, remember


@pytest.fixture
def grid(engine):
    return Grid(DatasetService(engine))


class Grid:
    """A grid over three items, and what it keeps at each edit."""

    def __init__(self, datasets):
        self.datasets = datasets
        items = [Item(input=name, expected=name.upper(), variables={"k": name}) for name in "abc"]
        self.dataset = datasets.create("Letters", "ada", items=items).value
        self.shown = Shown(datasets.items(self.dataset.id), ["k"])

    def does(self, *, edited=None, added=(), deleted=()):
        state = {"edited_rows": edited or {}, "added_rows": [dict(row) for row in added], "deleted_rows": list(deleted)}
        changes, fresh = changes_since(self.shown, state)
        kept = self.datasets.edit_grid(self.dataset.id, changes, "ada").value
        remember(self.shown, state, dict(zip(fresh, kept.added, strict=True)))

    @property
    def rows(self):
        return [(one.number, one.item.input, one.item.expected) for one in self.datasets.items(self.dataset.id)]


def test_cells_are_changed_one_after_another(grid):
    grid.does(edited={1: {"input": "bee"}})
    grid.does(edited={1: {"input": "bee", "expected": "!"}, 0: {"var:k": None}})

    assert grid.rows == [(1, "a", "A"), (2, "bee", "!"), (3, "c", "C")]
    assert [one.item.variables for one in grid.datasets.items(grid.dataset.id)] == [{}, {"k": "b"}, {"k": "c"}]


def test_a_new_row_waits_for_its_input_and_is_kept_once(grid):
    grid.does(added=[{"expected": "D"}])
    assert len(grid.rows) == 3
    grid.does(added=[{"expected": "D", "input": "d"}])
    grid.does(added=[{"expected": "DD", "input": "d"}])
    grid.does(added=[{"expected": "DD", "input": "d"}, {"input": "e"}])

    assert grid.rows[3:] == [(4, "d", "DD"), (5, "e", "")]


def test_rows_are_deleted_old_and_new_ones(grid):
    grid.does(added=[{"input": "d"}])
    grid.does(added=[{"input": "d"}, {"input": "e"}], deleted=[1])
    grid.does(added=[{"input": "e"}], deleted=[1])
    grid.does(added=[{"input": "e"}], deleted=[1, 0])

    assert grid.rows == [(3, "c", "C"), (5, "e", "")]


def test_an_emptied_input_changes_nothing(grid):
    grid.does(edited={0: {"input": ""}})

    assert grid.rows[0] == (1, "a", "A")
