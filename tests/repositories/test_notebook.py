from concurrent.futures import ThreadPoolExecutor

from core.domain.result import Err, Ok
from core.repositories.notebook import NotebookRepository
from core.tools.notebook import Written


def test_pages_are_read_in_the_order_they_were_written(engine):
    notes = NotebookRepository(engine)
    assert notes.write("trip", "Day 1", "Oslo", "k1") == Ok(Written(1, is_new=True))
    assert notes.write("trip", "", "Bergen", "k2") == Ok(Written(2, is_new=True))
    assert notes.write("other", "", "x", "k3") == Ok(Written(1, is_new=True))
    assert [(page.title, page.text) for page in notes.pages("trip")] == [("Day 1", "Oslo"), ("", "Bergen")]
    assert notes.names() == ["other", "trip"]


def test_a_key_writes_once(engine):
    notes = NotebookRepository(engine)
    notes.write("trip", "", "Oslo", "run/1.0")
    notes.write("trip", "", "Bergen", "run/2.0")
    assert notes.write("trip", "", "Oslo", "run/1.0") == Ok(Written(1, is_new=False))
    assert len(notes.pages("trip")) == 2


def test_a_key_writes_once_from_many_threads(engine):
    notes = NotebookRepository(engine)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: notes.write("trip", "", "Oslo", "run/1.0"), range(8)))
    assert sorted(result.value.is_new for result in results) == [False] * 7 + [True]
    assert len(notes.pages("trip")) == 1


def test_a_key_belongs_to_one_notebook(engine):
    notes = NotebookRepository(engine)
    notes.write("trip", "", "Oslo", "run/1.0")
    assert isinstance(notes.write("other", "", "Oslo", "run/1.0"), Err)
    assert notes.names() == ["trip"]


def test_search_finds_every_word_wherever_it_stands(engine):
    notes = NotebookRepository(engine)
    notes.write("n", "Shopping list", "milk and 100% cocoa", "a")
    notes.write("n", "Recipe", "cocoa, no milk", "b")
    assert [page.title for page in notes.pages("n", "MILK")] == ["Shopping list", "Recipe"]
    assert [page.title for page in notes.pages("n", "shop cocoa")] == ["Shopping list"]
    assert [page.title for page in notes.pages("n", "100%")] == ["Shopping list"]
    assert notes.pages("n", "%") == notes.pages("n", "100%")
    assert notes.pages("n", "tea") == []


def test_the_newest_pages_are_read_when_there_are_many(engine):
    notes = NotebookRepository(engine)
    for number in range(5):
        notes.write("n", "", str(number), f"key{number}")
    assert [page.text for page in notes.pages("n", limit=2)] == ["3", "4"]


def test_what_the_database_cannot_keep_is_an_error(engine):
    result = NotebookRepository(engine).write("n", "", "a\x00b", "k")
    assert isinstance(result, Err)
    assert result.kind == "invalid"
