"""Collections: what becomes of files, what is found in them, and what agents are told."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text as sql

from core.bootstrap import App, build
from core.domain.attachment import Upload
from core.domain.knowledge import FILE_BYTES, MOST_FILES
from core.domain.passages import PASSAGE_CHARS
from core.domain.result import Err, Ok
from core.errors import Unavailable
from core.repositories import passages as repository
from core.services import document_reading
from core.services.document_reading import DocumentReader
from core.services.document_text import read_document
from tests.support.files import pdf
from tests.support.knowledge import HANDBOOK, made, put, read


@pytest.fixture
def app(settings) -> Iterator[App]:
    app = build(settings, adopt=False)
    yield app
    app.close()


def found(app, collection, question, most=20):
    searched = app.knowledge_search.search(collection.id, question, most)
    assert isinstance(searched, Ok), searched
    return searched.value


def test_a_document_is_read_and_a_sentence_finds_its_passage(app):
    collection = made(app, handbook_md=HANDBOOK)
    (document,) = app.knowledge.documents(collection.id)
    assert (document.state, document.passages, document.name) == ("ready", 3, "handbook.md")
    assert document.chars < len(HANDBOOK)

    searched = found(app, collection, "When will I get my refund, and how many days does that take?")
    best = searched.passages[0]
    assert best.place.in_words() == "Returns › Refunds · lines 5–7"
    assert [best.text[start:end] for start, end in best.marks] == ["Refunds", "refund", "days"]
    assert best.document == "handbook.md"
    assert "any of: " in searched.how
    assert [one.score for one in searched.passages] == sorted((one.score for one in searched.passages), reverse=True)


def test_the_same_question_finds_the_same_in_the_same_order(app):
    collection = made(app, a_txt="one apple\n\ntwo", b_txt="one apple\n\ntwo", c_txt="apple apple")
    assert found(app, collection, "apple") == found(app, collection, "apple")


@pytest.mark.parametrize(
    "question",
    ["'", "a' | b", "!refund", "refund & ", "\\", "foo:* <-> bar", '"quoted', "x\x00y", "( refund", "a" * 5_000, "🧮"],
)
def test_any_question_can_be_asked(app, question):
    collection = made(app, handbook_md=HANDBOOK, odd_txt="It's a \\ back'slash of O'Brien; C:\\temp\\x")
    assert found(app, collection, question).how
    assert found(app, collection, "O'Brien C:\\temp").passages[0].document == "odd.txt"


def test_a_question_without_words_says_so(app):
    collection = made(app, handbook_md=HANDBOOK)
    assert found(app, collection, "who are you?").how == "The question has no word to search for (English)."
    assert "None of these words" in found(app, collection, "zebra").how
    assert app.knowledge_search.search(collection.id, "  ") == Err("invalid", "Say what to look for.", "query")


def test_words_that_stand_everywhere_do_not_decide(app):
    created = app.knowledge.create("Plain", "ada", language="simple").value
    many = {f"f{number}_txt": f"the cat {number} of the house and the dog" for number in range(20)}
    put(app, created, **many, other_txt="refund of the parcel")
    searched = found(app, created, "the refund of the parcel")
    assert [one.document for one in searched.passages] == ["other.txt"]
    assert searched.how.endswith("Too common to tell anything: the, of.")


def test_word_forms_are_those_of_the_collections_language(app):
    created = app.knowledge.create("Deutsch", "ada", language="german").value
    put(app, created, haus_txt="Die Häuser stehen am Fluss.")
    assert found(app, created, "Haus").passages
    app.knowledge.update(created.id, "Deutsch", "", "simple")
    assert not found(app, created, "Haus").passages
    assert found(app, created, "häuser").passages


def test_what_cannot_be_read_says_why(app):
    collection = made(app)
    put(
        app,
        collection,
        good_txt="words",
        photo_png=b"\x89PNG",
        latin_txt=b"\xe9t\xe9",
        empty_txt=b"",
        blank_md="# \n \n",
    )
    assert {one.name: (one.state, one.reason) for one in app.knowledge.documents(collection.id)} == {
        "good.txt": ("ready", ""),
        "photo.png": ("unsupported", app.knowledge.documents(collection.id)[-1].reason),
        "latin.txt": ("failed", "latin.txt is no text in UTF-8."),
        "empty.txt": ("unsupported", "It is empty."),
        "blank.md": ("failed", "blank.md holds no text."),
    }
    assert app.knowledge.documents(collection.id)[-1].reason.startswith("Files of this kind cannot be read.")


def test_other_kinds_are_read_with_their_places(app):
    page = "<h1>Opening hours</h1><p>Monday to Friday.</p>"
    collection = made(app, offer_pdf=pdf("A lamp for the desk", "Paid by invoice"), shop_html=page, scan_pdf=pdf(""))
    found_places = {
        one.document: one.place.in_words()
        for question in ("invoice", "monday")
        for one in found(app, collection, question).passages
    }
    assert found_places == {"offer.pdf": "pages 1–2", "shop.html": "Opening hours · paragraphs 1–2"}
    (scan,) = [one for one in app.knowledge.documents(collection.id) if one.name == "scan.pdf"]
    assert (scan.state, scan.reason) == (
        "failed",
        "scan.pdf holds no text; it may be a scan, whose pages are pictures.",
    )


def test_limits_are_kept(app):
    collection = made(app, large_txt=b"x" * (FILE_BYTES + 1))
    (large,) = app.knowledge.documents(collection.id)
    assert (large.state, large.reason) == ("unsupported", "It is larger than 20 MB.")
    refused = app.knowledge.put(collection.id, [Upload(f"{n}.txt", b"x") for n in range(MOST_FILES + 1)], "ada")
    assert refused == Err("invalid", "At most 50 files at once.", "documents")


def test_a_file_of_the_same_name_replaces_and_unchanged_passages_keep_their_ids(app):
    collection = made(app, handbook_md=HANDBOOK)
    (before,) = app.knowledge.documents(collection.id)
    ids = {one.text: one.id for one in app.knowledge.passages(before.id)}
    (after,) = put(app, collection, handbook_md=HANDBOOK.replace("30 days", "60 days"))
    now = {one.text: one.id for one in app.knowledge.passages(after.id)}
    assert after.id == before.id
    assert len(set(ids.items()) & set(now.items())) == 2
    assert "60 days" in found(app, collection, "goods receipt").passages[0].text

    put(app, collection, handbook_md=b"\xff\xfe\xff")
    assert not found(app, collection, "goods").passages


def test_one_put_in_the_place_of_another_by_something_unsupported_is_not_found_any_more(app):
    collection = made(app, handbook_md=HANDBOOK)
    put(app, collection, handbook_md=b"")
    (document,) = app.knowledge.documents(collection.id)
    assert (document.state, document.passages) == ("unsupported", 0)
    assert not app.knowledge.passages(document.id)


def test_deleting_a_document_and_a_collection(app):
    collection = made(app, handbook_md=HANDBOOK, other_txt="refund")
    handbook, _ = app.knowledge.documents(collection.id)
    app.knowledge.delete_document(handbook.id)
    assert [one.document for one in found(app, collection, "refund").passages] == ["other.txt"]

    assert app.knowledge.delete(collection.id) == Ok("Handbook")
    assert app.knowledge_search.search(collection.id, "refund") == Err("not_found", "This collection was deleted.")
    assert collection.tool not in {tool.name for tool in app.tools.list()}


def test_each_collection_has_a_tool_of_its_own(app):
    names = [app.knowledge.create(name, "ada").value.tool for name in ("Bücher & Akten", "bucher akten", "知识")]
    assert names == ["search_bucher_akten", "search_bucher_akten_2", "search"]
    tool = app.tools.get(names[0])
    assert (tool.kind, tool.effect, tool.repeat) == ("knowledge", "read", "safe")

    collection = app.knowledge.list("akten")[-1].collection
    app.knowledge.update(collection.id, "Books", "All of them.", "german")
    told = app.tools.get(collection.tool)
    assert told.name == collection.tool
    assert told.description.startswith("Search the documents of 'Books': All of them. ")


def test_names_are_unique_and_legal(app):
    made(app)
    assert app.knowledge.create("Handbook", "ada") == Err(
        "conflict", "A collection of this name exists already.", "name"
    )
    assert app.knowledge.create(" ", "ada") == Err("invalid", "A name has 1 to 100 characters.", "name")
    assert [tool.name for tool in app.tools.list("search_")] == ["search_handbook"]


def test_what_was_not_read_when_a_process_died_is_read_by_the_next(settings, app, engine):
    collection = app.knowledge.create("Handbook", "ada").value
    app.document_reader.close()  # as if it had died
    app.knowledge.put(collection.id, [Upload("handbook.md", HANDBOOK.encode())], "ada")
    assert app.knowledge.documents(collection.id)[0].state == "reading"

    next_one = DocumentReader(engine, lambda: None)
    next_one.wake()
    read(app, collection)
    next_one.close()
    assert app.knowledge.documents(collection.id)[0].state == "ready"


def test_a_document_is_read_once_the_database_is_back(app, monkeypatch):
    failures = [Unavailable("away")]

    def read_later(name, content):
        if failures:
            raise failures.pop()
        return read_document(name, content)

    monkeypatch.setattr(document_reading, "read_document", read_later)
    collection = made(app, handbook_md=HANDBOOK)
    assert not failures
    assert app.knowledge.documents(collection.id)[0].state == "ready"


def test_a_document_that_crashes_its_reader_is_in_nobodys_way(app, monkeypatch):
    crashed = threading.Semaphore(0)

    def read_some(name, content):
        return read_document(name, content) if name != "bad.txt" else 1 / 0

    monkeypatch.setattr(threading, "excepthook", lambda _: crashed.release())
    monkeypatch.setattr(document_reading, "read_document", read_some)
    collection = app.knowledge.create("Handbook", "ada").value
    app.knowledge.put(collection.id, [Upload("bad.txt", b"x")], "ada")
    assert crashed.acquire(timeout=10)
    app.knowledge.put(collection.id, [Upload("good.txt", b"x")], "ada")
    until_s = time.monotonic() + 10
    while (good := app.knowledge.documents(collection.id)[1]).state == "reading":
        assert time.monotonic() < until_s
        time.sleep(0.02)
    assert good.state == "ready"
    assert app.knowledge.documents(collection.id)[0].state == "reading"


MANY = """
INSERT INTO passages (id, collection_id, document_id, number, text, headings, language)
SELECT gen_random_uuid(), collection_id, id, 10 + n, format('Some words and the number w%s of a long text.', n),
       format('Part %s', n), 'english'
  FROM documents CROSS JOIN generate_series(1, 10000) AS n
"""


def test_a_search_never_reads_all_passages(app, engine):
    collections = [made(app, name, handbook_md=HANDBOOK) for name in ("One", "Two")]
    with engine.begin() as connection:
        connection.execute(sql(MANY))
        connection.execute(sql("ANALYZE passages"))
    given = {"language": "english", "collection": collections[0].id, "question": "where is w77 or w1234?"}
    given |= {"lexemes": ["w77", "w1234"], "weights": [1.0, 1.5], "most": 5, "options": ""}
    with engine.connect() as connection:
        connection.execute(sql(repository.NO_SCAN))
        for statement in (repository.TERMS, repository.SEARCH):
            plan = "\n".join(row[0] for row in connection.execute(sql(f"EXPLAIN {statement}"), given))
            assert "Seq Scan on passages" not in plan, plan
            assert "ix_passages_words" in plan, plan
    best = found(app, collections[0], "where is w77 or w1234?").passages
    assert {one.place.headings for one in best} == {("Part 77",), ("Part 1234",)}


def test_no_passage_is_longer_than_it_may_be(app):
    collection = made(app, long_txt="word " * 20_000)
    (document,) = app.knowledge.documents(collection.id)
    listed = app.knowledge.passages(document.id, limit=1_000)
    assert len(listed) == document.passages > 50
    assert all(len(one.text) <= PASSAGE_CHARS for one in listed)
    assert app.knowledge.whereabouts(listed[3].id) == (collection.id, document.id, 4)
