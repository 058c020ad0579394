"""Tools from files and forms: read, checked, shown, kept."""

import json

import msgspec
import pytest

from core.clients.outbound import Outbound
from core.domain.result import Err, Ok
from core.services.tool_catalogue import ToolCatalogue
from core.services.tool_maker import RequestPreview, ToolMaker
from core.tools.http_request.definition import HttpInput, HttpSecret, HttpTool
from core.tools.toolbox import Toolbox
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets

FILE = """
name: add_issue
description: Add an issue to a project.
method: POST
url: https://tracker.example/projects/{project}/issues
query: {notify: true}
headers:
  X-Source: aryabhatta
secrets:
  - {secret: TRACKER, use: header, name: X-Token, prefix: "Token "}
body:
  title: "{title}"
  labels: ["{label}"]
inputs:
  project: {description: Key of the project}
  title: {description: One line, schema: {maxLength: 80}}
  label: {required: false, choices: [bug, wish]}
select: id
idempotency_header: Idempotency-Key
"""


@pytest.fixture
def catalogue(engine):
    toolbox = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets())
    yield ToolCatalogue(engine, toolbox)
    toolbox.close()


@pytest.fixture
def maker(engine, catalogue):
    return ToolMaker(engine, catalogue)


def read(maker, text=FILE):
    result = maker.read_http(text)
    assert isinstance(result, Ok), result
    return result.value


def test_a_file_is_read_and_written_alike(maker):
    tool = read(maker)
    assert tool == HttpTool(
        name="add_issue",
        description="Add an issue to a project.",
        method="POST",
        url="https://tracker.example/projects/{project}/issues",
        query={"notify": True},
        headers={"X-Source": "aryabhatta"},
        secrets=(HttpSecret(secret="TRACKER", use="header", name="X-Token", prefix="Token "),),
        body={"title": "{title}", "labels": ["{label}"]},
        inputs={
            "project": HttpInput(description="Key of the project"),
            "title": HttpInput(description="One line", schema={"maxLength": 80}),
            "label": HttpInput(required=False, choices=("bug", "wish")),
        },
        select="id",
        idempotency_header="Idempotency-Key",
    )
    assert read(maker, maker.http_file(tool)) == tool
    assert read(maker, json.dumps(msgspec.to_builtins(tool), indent="\t")) == tool


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expected a mapping, found nothing."),
        ("[]", "Expected a mapping, found a list."),
        ("name: a\ndescription: b\n", "'url' is missing."),
        ("name: a\ndescription: b\nurl: c\nmethd: GET\n", "'methd' is not known here; perhaps 'method' is meant."),
        (
            "name: a\ndescription: b\nurl: c\nmethod: FETCH\n",
            "method: 'FETCH' is none of DELETE, GET, HEAD, PATCH, POST, PUT.",
        ),
        ("name: 1\ndescription: b\nurl: c\n", "name: expected text, found the number 1; put quotes around it."),
        ("a: &x 1\nb: *x\n", "references (*name) are not allowed"),
        ('{"name": "a",}', "The file is not valid JSON"),
        ("name: a\ndescription: b\nurl: c\ninputs: {x: {typ: string}}\n", "inputs, x: 'typ' is not known here"),
    ],
)
def test_what_does_not_fit_is_said(maker, text, said):
    result = maker.read_http(text)
    assert isinstance(result, Err)
    assert said in result.message


def test_a_tool_is_kept_once(maker, catalogue):
    tool = read(maker)
    first = maker.keep_http(tool, "ann").value
    assert first.is_new
    assert catalogue.get("add_issue") == first.tool
    assert maker.http_definition("add_issue") == tool
    again = maker.keep_http(tool, "bob").value
    assert (again.tool, again.is_new) == (first.tool, False)
    changed = maker.keep_http(msgspec.structs.replace(tool, description="Other."), "bob").value
    assert (changed.tool.id, changed.is_new, changed.tool.description) == (first.tool.id, True, "Other.")


def test_a_name_that_another_kind_has_is_refused(maker):
    result = maker.keep_http(msgspec.structs.replace(read(maker), name="calculator"), "ann")
    assert result == Err("conflict", "There is a tool named calculator already.", "name")
    assert maker.http_definition("calculator") is None
    assert maker.http_definition("nothing") is None


def test_a_faulty_definition_is_not_kept(maker, catalogue):
    result = maker.keep_http(msgspec.structs.replace(read(maker), url="x"), "ann")
    assert (result.kind, result.field) == ("invalid", "url")
    assert catalogue.get("add_issue") is None


def test_the_request_is_shown_before_it_is_sent(maker):
    shown = maker.preview(read(maker), '{"project":"a b","title":"Broken \\"door\\""}').value
    assert shown == RequestPreview(
        method="POST",
        url="https://tracker.example/projects/a%20b/issues?notify=true",
        headers={
            "accept": "application/json, text/*;q=0.9, */*;q=0.5",
            "content-type": "application/json",
            "X-Source": "aryabhatta",
            "Idempotency-Key": "‹key of the call›",
        },
        body='{"title":"Broken \\"door\\"","labels":[]}',
        secrets=("header X-Token: Token ‹TRACKER›",),
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"project":"a"}', "title"),
        ('{"project":"..","title":"x"}', "No part of the path"),
        ("nonsense", "not valid JSON"),
    ],
)
def test_a_call_that_cannot_be_made_is_not_shown(maker, arguments, said):
    result = maker.preview(read(maker), arguments)
    assert (result.kind, result.field) == ("invalid", "arguments")
    assert said in result.message
