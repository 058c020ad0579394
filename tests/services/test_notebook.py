import threading

import pytest

from core.services.notebook import NotebookService
from core.tools.notebook import NotebookStore, Written


@pytest.fixture
def notebook(engine):
    return NotebookService(engine)


def test_pages_are_added_and_read_in_their_order(notebook):
    store: NotebookStore = notebook
    assert store.write("tax", "One", "the first", "run/1.0").value == Written(pages=1, is_new=True)
    assert store.write("tax", "", "the second", "run/1.1").value == Written(pages=2, is_new=True)
    store.write("garden", "", "roses", "run/2.0")
    assert [(page.title, page.text) for page in store.pages("tax")] == [("One", "the first"), ("", "the second")]
    assert store.names() == ["garden", "tax"]


def test_a_key_writes_once(notebook):
    notebook.write("tax", "", "a", "run/1.0")
    assert notebook.write("tax", "", "a", "run/1.0").value == Written(pages=1, is_new=False)
    assert len(notebook.pages("tax")) == 1


def test_a_key_writes_once_however_many_try(notebook):
    start, written = threading.Barrier(6), []

    def write():
        start.wait()
        written.append(notebook.write("tax", "", "a", "run/1.0").value.is_new)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 5 + [True]


def test_every_word_of_a_search_is_found(notebook):
    notebook.write("tax", "Invoice", "Paid in March", "1")
    notebook.write("tax", "Invoice", "100% open", "2")
    assert [page.text for page in notebook.pages("tax", "invoice MARCH")] == ["Paid in March"]
    assert [page.text for page in notebook.pages("tax", "100%")] == ["100% open"]
    assert notebook.pages("tax", "rose") == []


def test_the_newest_pages_of_a_long_notebook(notebook):
    for number in range(5):
        notebook.write("tax", "", str(number), str(number))
    assert [page.text for page in notebook.pages("tax", limit=2)] == ["3", "4"]


def test_what_cannot_be_stored_is_refused(notebook):
    assert notebook.write("tax", "", "a\x00b", "1").kind == "invalid"
