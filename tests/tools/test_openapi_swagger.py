"""Swagger 2.0 documents: the same tools as their OpenAPI 3 twins."""

import msgspec
import pytest

from core.tools.http_request.build import build
from core.tools.http_request.definition import operation_of
from core.tools.openapi.document import parse
from core.tools.openapi.reader import read

URL = "https://docs.example/v1/swagger.json"


def swagger(paths, **more):
    whole = {"swagger": "2.0", "info": {"title": "Pets"}, "host": "api.example", "basePath": "/v2", "paths": paths}
    return {**whole, **more}


def tool(operation, method="post", path="/pets", url=URL, **more):
    text = msgspec.json.encode(swagger({path: {method: operation}}, **more)).decode()
    reading = read(parse(text), url)
    assert reading.left_out == ()
    return reading.tools[0]


def sent(made, **arguments):
    return build(operation_of(made), arguments, "key", 5)


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({}, "https://api.example/v2/pets"),
        ({"schemes": ["http", "https"]}, "https://api.example/v2/pets"),
        ({"schemes": ["http"]}, "http://api.example/v2/pets"),
        ({"basePath": "/"}, "https://api.example/pets"),
        ({"host": ""}, "https://docs.example/v2/pets"),
    ],
)
def test_the_server_comes_from_scheme_host_and_base_path(more, address):
    assert operation_of(tool({}, **more)).url == address


def test_a_scheme_of_no_web_server_is_named():
    reading = read(parse(msgspec.json.encode(swagger({"/a": {"get": {}}}, schemes=["wss"])).decode()), URL)
    assert "on which server" in reading.left_out[0].reason


def test_schemes_of_an_operation_win():
    assert operation_of(tool({"schemes": ["http"]}, schemes=["https"])).url == "http://api.example/v2/pets"


def test_parameters_have_their_types_as_schemas():
    given = [
        {"name": "id", "in": "path", "required": True, "type": "integer", "format": "int64", "description": "Which"},
        {"name": "tag", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
        {"name": "X-A", "in": "header", "type": "string", "enum": ["a"], "x-nullable": True},
    ]
    made = tool({"parameters": given}, path="/pets/{id}")
    assert made.parameters == {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "format": "int64", "description": "Which"},
            "tag": {"type": "array", "items": {"type": "string"}},
            "X-A": {"type": ["string", "null"], "enum": ["a", None]},
        },
        "required": ["id"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("given", "query"),
    [
        (None, "v=1%2C2"),
        ("csv", "v=1%2C2"),
        ("multi", "v=1&v=2"),
        ("ssv", "v=1%202"),
        ("pipes", "v=1%7C2"),
    ],
)
def test_lists_are_parted_as_the_document_says(given, query):
    how = {"collectionFormat": given} if given else {}
    made = tool({"parameters": [{"name": "v", "in": "query", "type": "array", "items": {"type": "integer"}, **how}]})
    assert sent(made, v=[1, 2]).url.partition("?")[2] == query


def test_lists_parted_by_tabs_are_named():
    parameter = {"name": "v", "in": "query", "type": "array", "items": {}, "collectionFormat": "tsv"}
    reading = read(parse(msgspec.json.encode(swagger({"/a": {"get": {"parameters": [parameter]}}})).decode()), URL)
    assert "'tabDelimited'" in reading.left_out[0].reason


def test_a_body_and_its_definitions():
    pet = {"type": "object", "properties": {"name": {"type": "string"}, "mother": {"$ref": "#/definitions/Pet"}}}
    body = {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}
    made = tool({"parameters": [body], "consumes": ["application/json", "application/xml"]}, definitions={"Pet": pet})
    assert made.parameters["required"] == ["body"]
    assert made.parameters["properties"]["body"]["properties"]["name"] == {"type": "string"}
    assert sent(made, body={"name": "Rex"}).body == b'{"name":"Rex"}'
    assert any("never as application/xml" in note for note in operation_of(made).notes)


def test_a_body_of_a_type_that_cannot_be_written_is_named():
    body = {"name": "pet", "in": "body", "required": True, "schema": {}}
    document = swagger({"/a": {"post": {"parameters": [body]}}}, consumes=["application/xml"])
    assert "application/xml" in read(parse(msgspec.json.encode(document).decode()), URL).left_out[0].reason


def test_form_fields_become_a_form():
    given = [
        {"name": "name", "in": "formData", "type": "string", "required": True, "description": "Its name"},
        {"name": "tags", "in": "formData", "type": "array", "items": {"type": "string"}},
    ]
    made = tool({"parameters": given})
    assert made.parameters["properties"]["body"]["required"] == ["name"]
    assert sent(made, body={"name": "Rex", "tags": ["a", "b"]}).body == b"name=Rex&tags=a%2Cb"


def test_a_file_makes_it_a_multipart_form():
    given = [{"name": "photo", "in": "formData", "type": "file"}, {"name": "n", "in": "formData", "type": "integer"}]
    request = sent(tool({"parameters": given}), body={"photo": "data:image/png;base64,iVBORw==", "n": 1})
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert b'filename="photo.png"' in request.body


def test_shared_and_path_level_parameters_hold():
    item = {
        "parameters": [{"$ref": "#/parameters/Id"}, {"name": "lang", "in": "query", "type": "string"}],
        "get": {"parameters": [{"name": "lang", "in": "query", "type": "integer"}]},
    }
    shared = {"Id": {"name": "id", "in": "path", "required": True, "type": "string"}}
    text = msgspec.json.encode(swagger({"/pets/{id}": item}, parameters=shared)).decode()
    (made,) = read(parse(text), URL).tools
    assert made.parameters["properties"] == {"id": {"type": "string"}, "lang": {"type": "integer"}}


@pytest.mark.parametrize(
    ("scheme", "place", "prefix"),
    [
        ({"type": "basic"}, "header", "Basic "),
        ({"type": "apiKey", "in": "query", "name": "key"}, "query", ""),
        ({"type": "oauth2", "flow": "implicit"}, "header", "Bearer "),
    ],
)
def test_security_definitions_become_secrets(scheme, place, prefix):
    made = tool({"security": [{"auth": []}]}, securityDefinitions={"auth": scheme})
    (credential,) = operation_of(made).credentials
    assert (credential.place, credential.prefix) == (place, prefix)


def test_a_parameter_that_leads_nowhere_is_a_reason():
    document = swagger({"/a": {"get": {"parameters": [{"$ref": "#/parameters/gone"}]}}})
    assert "is not there" in read(parse(msgspec.json.encode(document).decode()), URL).left_out[0].reason


@pytest.mark.parametrize("odd", [{"/a": None}, {"/a": []}, {"/a": {"get": {"parameters": "x"}}}])
def test_odd_documents_do_no_harm(odd):
    text = msgspec.json.encode(swagger({"/b": {"get": {}}, **odd})).decode()
    assert "GET /b" in {operation_of(made).operation for made in read(parse(text), URL).tools}
