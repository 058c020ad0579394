"""Searching by meaning: vectors from an endpoint, fused with words, and never silently left out."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text as sql

from core.bootstrap import App, build
from core.db import vectors as pgvector
from core.domain.result import Err, Ok
from core.repositories import passages as repository
from tests.support.embedding import MODEL, NAME, by_meaning, embeddings, vector_of, vector_server
from tests.support.knowledge import HANDBOOK, made, put
from tests.support.scripted import status


@pytest.fixture
def app(settings) -> Iterator[App]:
    app = build(settings, adopt=False)
    yield app
    app.close()


def until(done) -> None:
    end_s = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def whole(app, collection) -> bool:
    vectors = app.knowledge.vectors(collection.id)
    return 0 < vectors.total == vectors.there and not vectors.problem


def search(app, collection, question):
    searched = app.knowledge_search.search(collection.id, question, 5)
    assert isinstance(searched, Ok), searched
    return searched.value


def test_other_words_for_the_same_thing_are_found(app):
    with vector_server(app) as server:
        collection = made(app, handbook_md=HANDBOOK)
        assert search(app, collection, "money").passages == ()
        by_meaning(app, collection)
        until(lambda: whole(app, collection))
        found = search(app, collection, "When is my money paid?")
    best = found.passages[0]
    assert best.place.headings == ("Returns", "Refunds")
    assert (best.by_words, best.by_meaning) == (1, 1)
    assert best.nearness > 0.9
    assert best.marks
    assert found.how == f"Searched by words (English), any of: paid. Searched by meaning as well ({MODEL})."
    assert [one.score for one in found.passages] == sorted((one.score for one in found.passages), reverse=True)
    assert all(request.path.endswith("/v1/embeddings") for request in server.requests)
    assert {request.json["model"] for request in server.requests} == {MODEL}


def test_only_what_is_new_gets_new_vectors(app):
    with vector_server(app) as server:
        collection = made(app, handbook_md=HANDBOOK)
        by_meaning(app, collection)
        until(lambda: whole(app, collection))
        asked = sum(len(request.json["input"]) for request in server.requests)
        put(app, collection, handbook_md=HANDBOOK.replace("30 days", "60 days"))
        until(lambda: whole(app, collection))
        assert asked == 3
        assert sum(len(request.json["input"]) for request in server.requests) == asked + 1


def test_an_endpoint_that_fails_is_named_and_words_still_find(app):
    with vector_server(app, lambda _: status(503, {"error": {"message": "no room for sk-secret"}})):
        app.endpoints.update(NAME, "ada", secret="KEY")
        app.secrets.set("KEY", "sk-secret", "ada")
        collection = made(app, handbook_md=HANDBOOK)
        by_meaning(app, collection)
        until(lambda: app.knowledge.vectors(collection.id).problem)
        found = search(app, collection, "refund")
        problem = app.knowledge.vectors(collection.id).problem
    assert problem == "no room for [key]"
    assert found.how.endswith("Not searched by meaning: no room for [key]")
    assert found.passages[0].by_meaning == 0


def test_it_goes_on_where_it_stopped_when_tried_again(app):
    answers = [status(500), embeddings]

    def answer(request):
        one = answers.pop(0) if len(answers) > 1 else answers[0]
        return one(request) if callable(one) else one

    with vector_server(app, answer):
        collection = made(app, handbook_md=HANDBOOK)
        by_meaning(app, collection)
        until(lambda: app.knowledge.vectors(collection.id).problem)
        by_meaning(app, collection)
        until(lambda: whole(app, collection))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"data": []}, "3 vectors of one length were asked for, 0 came."),
        ({"data": [{"embedding": [1]}, {"embedding": [1, 2]}, {"embedding": [1]}]}, "3 came."),
        ({"data": [{"embedding": ["1"]}] * 3}, "a list of numbers"),
        ({"data": [{"embedding": [0, 0]}] * 3}, "no direction"),
        ({"object": "list"}, "no list of vectors"),
        ("<html>hello</html>", "The answer holds no vectors"),
    ],
)
def test_an_answer_that_holds_no_vectors_says_what_is_wrong(app, body, why):
    with vector_server(app, lambda _: status(200, body)):
        collection = made(app, handbook_md=HANDBOOK)
        by_meaning(app, collection)
        until(lambda: app.knowledge.vectors(collection.id).problem)
        assert why in app.knowledge.vectors(collection.id).problem


def test_turned_off_words_alone_count(app):
    with vector_server(app):
        collection = made(app, handbook_md=HANDBOOK)
        by_meaning(app, collection)
        until(lambda: whole(app, collection))
        app.knowledge.search_by_meaning(collection.id, "", "")
        assert "meaning" not in search(app, collection, "refund").how
    assert (
        app.knowledge.search_by_meaning(collection.id, NAME, "").message == "An endpoint and a model are needed, both."
    )


def test_a_database_without_pgvector_is_named(app, monkeypatch):
    monkeypatch.setattr(pgvector, "_NAME", "no_such_extension")
    collection = made(app, handbook_md=HANDBOOK)
    absent = "This database server has no pgvector, so passages are found by their words alone."
    assert app.knowledge.search_by_meaning(collection.id, NAME, MODEL) == Err("unavailable", absent, "endpoint")
    assert app.knowledge.vectors(collection.id).problem == absent


def test_vectors_are_compared_by_the_index_of_their_collection(app, engine):
    assert pgvector.vectors_problem(engine) == ""
    collection = made(app, handbook_md=HANDBOOK)
    with engine.begin() as connection:
        connection.execute(sql("UPDATE passages SET vector = ARRAY[1, 2, 3], made_by = 'e m'"))
        connection.execute(sql(repository.NO_SCAN))
        given = {"collection": collection.id, "made_by": "e m", "vector": vector_of("x"), "numbers": 3, "most": 5}
        plan = "\n".join(row[0] for row in connection.execute(sql(f"EXPLAIN {repository.NEAREST}"), given))
        rows = connection.execute(sql(repository.NEAREST), given | {"vector": [1.0, 2.0, 3.0]}).all()
    assert "ix_passages_vectors" in plan
    assert [round(row.score, 6) for row in rows] == [1.0, 1.0, 1.0]
