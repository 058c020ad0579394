"""OpenAPI documents read again: what changed of the tools in use, what is new, and what a person makes of it."""

import json

import pytest

from core.domain.result import Err
from tests.support.echo import serving_in_thread
from tests.support.loopback import reply
from tests.support.workspace import workspace


@pytest.fixture
def app(settings):
    with workspace(settings) as app:
        yield app


def pets(**paths):
    given = {path: {"get": {"operationId": path, "summary": f"About {path}."}} for path in ("cats", "dogs")} | paths
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets"},
        "servers": [{"url": "https://pets.example"}],
        "paths": {f"/{path}": item for path, item in given.items() if item},
    }


HORSES = {"get": {"operationId": "horses", "summary": "About horses."}}
CHANGED = {
    "get": {"operationId": "allCats", "summary": "About all cats.", "parameters": [{"name": "n", "in": "query"}]}
}


def taken_in(app, document, **options):
    report = app.tools.import_openapi(json.dumps(document), "ann", **options).value
    return [made.name for made in report.imported]


def checked(app, document):
    return app.api_documents.check("Pets", json.dumps(document)).value


def test_what_is_as_it_was_is_no_change(app):
    assert taken_in(app, pets()) == ["cats", "dogs"]
    document = checked(app, pets())
    assert (document.changes, document.known, document.fault) == ((), ("GET /cats", "GET /dogs"), "")


def test_changed_gone_and_new_are_told_apart(app):
    taken_in(app, pets())
    document = checked(app, pets(cats=CHANGED, dogs=None, horses=HORSES))
    assert [(one.operation, one.what, one.parts()) for one in document.changes] == [
        ("GET /cats", "changed", ("description", "inputs", "request")),
        ("GET /dogs", "gone", ()),
        ("GET /horses", "new", ()),
    ]
    assert [one.operation for one in document.drifts] == ["GET /cats", "GET /dogs"]
    assert app.tools.get("cats").description == "About cats."
    assert app.api_documents.get("Pets") == document


def test_what_is_accepted_is_what_the_tool_is_from_then_on_under_the_name_that_agents_know(app):
    taken_in(app, pets())
    document = checked(app, pets(cats=CHANGED, dogs=None, horses=HORSES))
    shown = {one.operation: one.hash() for one in document.changes}
    assert app.api_documents.accept("Pets", shown, "bob").value.changes == ()
    assert app.tools.get("cats").description == "About all cats."
    names = [tool.name for tool in app.tools.list() if tool.kind == "openapi"]
    assert names == ["cats", "horses"]
    assert checked(app, pets(cats=CHANGED, dogs=None, horses=HORSES)).changes == ()


def test_only_what_was_shown_is_accepted(app):
    taken_in(app, pets())
    old = checked(app, pets(cats=CHANGED)).drifts[0].hash()
    checked(app, pets(cats={"get": {"operationId": "cats", "summary": "Send everything."}}))
    refused = app.api_documents.accept("Pets", {"GET /cats": old}, "bob")
    assert (refused.kind, app.tools.get("cats").description) == ("conflict", "About cats.")
    assert app.api_documents.accept("Pets", {"GET /mice": ""}, "bob").kind == "conflict"
    assert app.api_documents.accept("Birds", {}, "bob").kind == "not_found"


def test_new_operations_that_are_not_wanted_are_not_offered_again(app):
    taken_in(app, pets())
    checked(app, pets(horses=HORSES))
    assert app.api_documents.accept("Pets", {}, "bob", leave_out=["GET /horses"]).value.changes == ()
    assert checked(app, pets(horses=HORSES)).changes == ()
    assert app.tools.get("horses") is None


def test_operations_that_were_not_picked_are_neither_new_nor_changed(app):
    assert taken_in(app, pets(), only=("cats",)) == ["cats"]
    assert checked(app, pets(dogs={"get": {"summary": "Else."}})).changes == ()


def test_the_options_of_the_import_hold(app):
    assert taken_in(app, pets(), prefix="my_", server="https://other.example") == ["my_cats", "my_dogs"]
    assert checked(app, pets()).changes == ()
    document = checked(app, pets(horses=HORSES))
    assert (document.news[0].now.name, document.news[0].now.definition["url"]) == (
        "my_horses",
        "https://other.example/horses",
    )


def test_an_address_is_read_again_and_a_silent_one_keeps_what_was_found(app):
    said = [pets(), pets(cats=CHANGED)]

    async def speak(_request, writer):
        writer.write(reply(json.dumps(said[0])))

    with serving_in_thread(speak) as server:
        url = server.url("/openapi.json")
        app.tools.import_openapi(url, "ann", allow_hosts=(server.host,))
        said.pop(0)
        assert len(app.api_documents.check(url).value.drifts) == 1
    silent = app.api_documents.check(url).value
    assert "cannot be fetched" in silent.fault
    assert len(silent.drifts) == 1
    assert app.api_documents.of_tool("cats") == silent


def test_what_is_no_document_is_said(app):
    taken_in(app, pets())
    assert "JSON" in app.api_documents.check("Pets", "{").value.fault or app.api_documents.get("Pets").fault
    assert isinstance(app.api_documents.check("Birds"), Err)
    assert app.api_documents.of_tool("calculator") is None
