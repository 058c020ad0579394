import threading

import pytest

from core.domain.dataset import GridChanges, Item
from core.domain.dataset_files import read_items
from core.domain.result import Err, Ok
from core.services.datasets import DatasetService
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import rested, started, workspace


@pytest.fixture
def datasets(engine):
    return DatasetService(engine)


def made(datasets, *inputs):
    return datasets.create("Capitals", "ada", items=[Item(input=one) for one in inputs]).value


def inputs(datasets, dataset, version=None):
    return [(one.number, one.item.input) for one in datasets.items(dataset.id, version)]


def test_edits_go_into_the_newest_version_until_it_is_used(datasets, engine):
    dataset = made(datasets, "a", "b", "c")
    changes = GridChanges(changed={2: Item(input="B")}, added=(Item(input="d"),), deleted=(1,))
    edited = datasets.edit(dataset.id, changes, "bob").value

    assert edited.version == 1
    assert inputs(datasets, dataset) == [(2, "B"), (3, "c"), (4, "d")]


def test_a_frozen_version_stays_and_the_next_edit_begins_another(datasets, freeze):
    dataset = made(datasets, "a", "b")
    freeze(dataset)
    edited = datasets.edit(dataset.id, GridChanges(deleted=(2,), added=(Item(input="c"),)), "bob").value
    again = datasets.edit(dataset.id, GridChanges(changed={1: Item(input="A")}), "bob").value

    assert (edited.version, again.version) == (2, 2)
    assert inputs(datasets, dataset, 1) == [(1, "a"), (2, "b")]
    assert inputs(datasets, dataset) == [(1, "A"), (3, "c")]
    assert [(v.number, v.items, v.frozen, v.author) for v in datasets.versions(dataset.id)] == [
        (2, 2, False, "bob"),
        (1, 2, True, "ada"),
    ]


def test_a_number_is_never_given_twice(datasets):
    dataset = made(datasets, "a", "b")
    datasets.edit(dataset.id, GridChanges(deleted=(2,)), "ada")
    datasets.edit(dataset.id, GridChanges(added=(Item(input="c"),)), "ada")

    assert inputs(datasets, dataset) == [(1, "a"), (3, "c")]


@pytest.mark.parametrize(
    ("item", "said"),
    [(Item(input=" "), "needs an input"), (Item(input="x\x00"), "U+0000"), (Item(input="x" * 100_001), "longer")],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_lost(datasets, item, said):
    dataset = made(datasets, "a")

    refused = datasets.edit(dataset.id, GridChanges(changed={1: item}), "ada")

    assert isinstance(refused, Err)
    assert said in refused.message
    assert inputs(datasets, dataset) == [(1, "a")]


def test_names_are_unique(datasets):
    made(datasets, "a")

    assert datasets.create("Capitals", "ada") == Err("conflict", "A dataset of this name exists already.", "name")


def test_the_same_file_twice_changes_nothing(datasets):
    content = b"input,expected,country\nCapital?,Paris,France\nCapital?,Rome,Italy\n"
    first = datasets.import_file("Capitals", "a.csv", content, "ada").value
    same = datasets.import_file("Capitals", "a.csv", content, "ada").value
    more = datasets.import_file("Capitals", "b.jsonl", b'{"input": "x"}', "ada", "append").value

    assert (first.items, first.is_new, same.is_new) == (2, True, False)
    assert more.items == 3
    assert datasets.export(first.dataset.id, "csv") == (
        "input,country,expected,notes\nCapital?,France,Paris,\nCapital?,Italy,Rome,\nx,,,\n"
    )


def test_ten_thousand_items_stay_usable(datasets, freeze):
    content = "".join(f'{{"input": "item {number}", "expected": "{number}"}}\n' for number in range(10_000)).encode()
    dataset = datasets.import_file("Large", "large.jsonl", content, "ada").value.dataset
    freeze(dataset)
    datasets.edit(dataset.id, GridChanges(changed={5_000: Item(input="changed")}), "ada")

    page = datasets.items(dataset.id, after=4_999, limit=2)

    assert [(one.number, one.item.input) for one in page] == [(5_000, "changed"), (5_001, "item 5000")]
    assert isinstance(read_items(datasets.export(dataset.id, "csv"), "csv"), Ok)
    assert [one.number for one in datasets.items(dataset.id, search="item 77", limit=3)] == [78, 771, 772]


def test_edits_at_the_same_time_lose_nothing(datasets):
    dataset = made(datasets, "a")
    threads = [
        threading.Thread(target=datasets.edit, args=(dataset.id, GridChanges(added=(Item(input=f"t{number}"),)), "ada"))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(datasets.items(dataset.id)) == 9


def test_runs_become_items(settings):
    with ScriptedServer(text("Paris")) as server, workspace(settings, server) as app:
        run = rested(app, started(app, "Capital of France?").id).run
        dataset = app.datasets.create("From runs", "ada").value

        app.datasets.add_runs(dataset.id, [run.id], "ada")
        (one,) = app.datasets.items(dataset.id)

    assert (one.item.input, one.item.expected) == ("Capital of France?", "Paris")
    assert str(run.id) in one.item.notes


@pytest.fixture
def freeze(engine):
    from core.db.unit import UnitOfWork
    from core.repositories.dataset_versions import DatasetVersionRepository

    def freeze(dataset):
        with UnitOfWork(engine) as unit:
            DatasetVersionRepository(unit.session, dataset.id).freeze(dataset.version)
            unit.commit()

    return freeze
