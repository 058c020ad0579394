"""Documents brought in as tools: looked at first, kept in bulk, nothing dropped without a word."""

import json
import time

import pytest

from core.domain.result import Err
from core.services.openapi_import import ImportOptions
from tests.support.echo import serving_in_thread
from tests.support.workspace import workspace


@pytest.fixture
def app(settings):
    with workspace(settings) as app:
        yield app


def document(count=2, title="Pets", **more):
    paths = {f"/pets{n}": {"get": {"operationId": f"getPet{n}", "summary": f"Pet {n}"}} for n in range(count)}
    return {
        "openapi": "3.1.0",
        "info": {"title": title},
        "servers": [{"url": "https://pets.example"}],
        "paths": paths,
        **more,
    }


def imported(app, given, **options):
    result = app.tools.import_openapi(json.dumps(given), "ada", **options)
    assert not isinstance(result, Err), result
    return result.value


def test_looking_keeps_nothing_and_keeping_takes_what_was_picked(app):
    looked = app.tools.look_openapi(json.dumps(document(3)), ImportOptions(prefix="shop_")).value
    assert [tool.name for tool in looked.reading.tools] == ["shop_getPet0", "shop_getPet1", "shop_getPet2"]
    assert app.tools.get("shop_getPet1") is None
    report = app.tools.keep_operations(looked, "ada", {"shop_getPet1"})
    assert [(made.name, made.operation) for made in report.imported] == [("shop_getPet1", "GET /pets1")]
    assert app.tools.get("shop_getPet0") is None


def test_the_same_document_replaces_its_tools_and_another_does_not(app):
    imported(app, document())
    changed = document()
    changed["paths"]["/pets0"]["get"]["summary"] = "Another pet"
    assert len(imported(app, changed).imported) == 2
    assert app.tools.get("getPet0").description == "Another pet"
    report = imported(app, document(title="Dogs"))
    assert report.imported == ()
    assert {left.reason for left in report.left_out} == {
        f"a tool named getPet{n} exists already; import with another prefix" for n in range(2)
    }


def test_a_built_in_tool_is_never_replaced(app):
    given = document(0)
    given["paths"]["/c"] = {"get": {"operationId": "calculator"}, "post": {"operationId": "add"}}
    report = imported(app, given)
    assert [made.name for made in report.imported] == ["add"]
    assert "calculator exists already" in report.left_out[0].reason
    assert app.tools.get("calculator").kind == "builtin"


def test_one_operation_that_cannot_be_stored_does_not_keep_out_the_others(app):
    given = document(5)
    given["paths"]["/pets2"]["get"]["summary"] = "a \u0000 within"
    report = imported(app, given)
    assert len(report.imported) == 4
    assert [left.operation for left in report.left_out] == ["GET /pets2"]


def test_an_archived_tool_comes_back_with_its_document(app):
    imported(app, document())
    app.tools.archive("getPet0", "ada")
    assert "getPet0" not in {tool.name for tool in app.tools.list("Pet")}
    imported(app, document())
    assert "getPet0" in {tool.name for tool in app.tools.list("Pet")}


def test_a_server_of_ones_own_takes_the_place_of_the_documents(app):
    with serving_in_thread() as server:
        imported(app, document(1), server=server.url("/base/"), allow_hosts=[server.host])
        run = app.tools.test("getPet0", "{}", "ada").value
        app.runs.wait(run.id, 10)
        assert server.requests[0].path == "/base/pets0"


@pytest.mark.parametrize("server", ["ftp://x", "nonsense", "https://user@x/"])
def test_a_server_that_is_none_is_refused(app, server):
    refused = app.tools.import_openapi(json.dumps(document()), "ada", server=server)
    assert isinstance(refused, Err)
    assert "The server's address cannot be used" in refused.message


@pytest.mark.timeout(60)
def test_thousands_of_operations_are_kept_in_seconds(app):
    began = time.process_time()
    report = imported(app, document(3_000))
    assert len(report.imported) == 3_000
    assert time.process_time() - began < 15
    assert len(app.tools.list("Pet 299")) == 11
