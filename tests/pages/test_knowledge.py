"""The Knowledge screen: empty, with documents in each state, with a question in its address."""

import time

import pytest

from core.bootstrap import App
from tests.pages.conftest import Open
from tests.pages.looking import button, param, shown
from tests.support.embedding import by_meaning, vector_server
from tests.support.knowledge import HANDBOOK, made, read


def test_it_teaches_where_there_is_nothing(open_page: Open):
    text = shown(open_page("knowledge"))
    assert "give agents a tool that searches them" in text
    assert "20 MB" in text


def test_a_collection_shows_how_each_document_stands(app: App, open_page: Open):
    collection = made(app, handbook_md=HANDBOOK, broken_txt=b"\xff", photo_png=b"x")
    page = open_page("knowledge", collection=str(collection.id))
    text = shown(page)
    assert "ready · 3 passages" in text
    assert "failed: broken.txt is no text in UTF-8." in text
    assert "unsupported: Files of this kind cannot be read." in text
    assert "No agent uses it yet." in text
    assert "search_handbook" in text.replace("\\", "")


def test_a_question_in_the_address_is_asked(app: App, open_page: Open):
    collection = made(app, handbook_md=HANDBOOK)
    text = shown(open_page("knowledge", collection=str(collection.id), q="refund"))
    assert "<mark>refund</mark>" in text
    assert "Returns › Refunds · lines 5–7" in text


def test_a_passage_has_an_address_of_its_own(app: App, open_page: Open):
    collection = made(app, long_md="\n".join(f"# Part {n}\ntext {n}" for n in range(1, 121)))
    (document,) = read(app, collection)
    wanted = app.knowledge.passages(document.id, after=59, limit=1)[0]
    page = open_page("knowledge", passage=str(wanted.id))
    assert f'<article class="chosen"><header><a href="knowledge?passage={wanted.id}"' in shown(page)
    assert "51–100 of 120 passages" in shown(page)
    button(page, "Further").click().run()
    assert param(page, "after") == "100"
    assert "101–120 of 120 passages" in shown(page)


@pytest.mark.parametrize(
    "address",
    [{"collection": "01a20522-3430-7c7a-8ff3-37e0e75b1624"}, {"passage": "01a20522-3430-7c7a-8ff3-37e0e75b1624"}],
)
def test_an_address_of_nothing_says_so(open_page: Open, address):
    page = open_page("knowledge", **address)
    assert "There is no such document here." in shown(page)
    assert button(page, "See all collections")


def test_a_collection_is_deleted_after_one_question(app: App, open_page: Open):
    collection = made(app, handbook_md=HANDBOOK)
    page = open_page("knowledge", collection=str(collection.id))
    button(page, "Delete the collection").click().run()
    assert "cannot be undone" in shown(page)
    assert app.knowledge.get(collection.id)


def test_a_collection_says_how_it_is_searched(app: App, open_page: Open):
    collection = made(app, handbook_md=HANDBOOK)
    assert "By words alone." in shown(open_page("knowledge", collection=str(collection.id)))
    with vector_server(app):
        by_meaning(app, collection)
        while app.knowledge.vectors(collection.id).there < 3:
            time.sleep(0.02)
        text = shown(open_page("knowledge", collection=str(collection.id), q="money"))
    assert "By words and by meaning: tiny-embedder at vectors" in text
    assert "1st by meaning" in text
    assert "Searched by meaning as well (tiny-embedder)." in text
    app.endpoints.delete("vectors")
    text = shown(open_page("knowledge", collection=str(collection.id), q="refund"))
    assert "Not searched by meaning: There is no endpoint named vectors any more." in text


def test_its_tool_leads_back_to_the_documents(app: App, open_page: Open):
    collection = made(app, handbook_md=HANDBOOK)
    page = open_page("tools", tool=collection.tool)
    assert "Search the documents of 'Handbook'" in shown(page)
    (link,) = [one.proto for one in page.get("page_link") if one.proto.label == "Its documents"]
    assert f"collection={collection.id}" in link.query_string
