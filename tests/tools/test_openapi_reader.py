import time

import msgspec
import pytest

from core.domain.arguments import BadArguments, check_arguments
from core.domain.tool import NAME_PATTERN
from core.tools.http_request.operation import Input, Operation
from core.tools.openapi.document import DocumentError, parse
from core.tools.openapi.reader import LeftOut, read
from core.tools.openapi.schemas import MAX_NODES

URL = "https://api.example/v1/openapi.json"


def document(paths=None, version="3.1.0", **more):
    return {"openapi": version, "info": {"title": "Pets", "version": "1"}, "paths": paths or {}, **more}


def one(operation, method="get", path="/pets", version="3.1.0", item=None, **more):
    """The only tool of a document with one operation."""
    reading = read(document({path: {**(item or {}), method: operation}}, version, **more), URL)
    assert reading.left_out == ()
    return reading.tools[0]


def reason(operation, method="get", path="/pets", **more):
    reading = read(document({path: {method: operation}}, **more), URL)
    assert reading.tools == ()
    return reading.left_out[0].reason


def parameter(name, place="query", schema=None, **more):
    return {"name": name, "in": place, "schema": schema or {"type": "string"}, **more}


def json_body(schema, *, required=True, media_type="application/json"):
    return {"required": required, "content": {media_type: {"schema": schema}}}


REF = {"$ref": "#/components/schemas/E"}


def made(tool):
    return msgspec.convert(tool.definition, Operation)


def test_an_operation_becomes_a_tool():
    tool = one(
        {
            "operationId": "listPets",
            "summary": "List pets",
            "description": "All of them.",
            "parameters": [parameter("limit", schema={"type": "integer", "maximum": 100}, description="How many")],
        }
    )
    assert (tool.name, tool.kind, tool.effect, tool.repeat) == ("listPets", "openapi", "read", "safe")
    assert tool.description == "List pets\nAll of them."
    assert tool.parameters == {
        "type": "object",
        "properties": {"limit": {"type": "integer", "maximum": 100, "description": "How many"}},
        "additionalProperties": False,
    }
    assert made(tool) == Operation(
        method="GET",
        url="https://api.example/pets",
        inputs=(Input("limit", "limit", "query", "form", explode=True),),
        operation="GET /pets",
        operation_id="listPets",
    )


@pytest.mark.parametrize(
    ("method", "effect", "repeat"),
    [
        ("get", "read", "safe"),
        ("head", "read", "safe"),
        ("post", "write", "never"),
        ("put", "write", "never"),
        ("patch", "write", "never"),
        ("delete", "write", "never"),
    ],
)
def test_what_may_be_done_with_a_call(method, effect, repeat):
    tool = one({}, method)
    assert (tool.effect, tool.repeat) == (effect, repeat)


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "X-Idempotency-Key"])
def test_a_declared_idempotency_header_makes_a_write_repeatable(name):
    tool = one({"parameters": [parameter(name, "header", required=True)]}, "post")
    assert tool.repeat == "key"
    assert tool.parameters["properties"] == {}
    assert made(tool).idempotency_header == name


def test_inputs_of_one_name_in_several_places_are_kept_apart():
    operation = {
        "parameters": [
            parameter("id", "path", required=True),
            parameter("id"),
            parameter("id", "header"),
            parameter("body"),
            parameter("body", "header"),
        ],
        "requestBody": json_body({"type": "object", "properties": {"id": {"type": "integer"}}}),
    }
    tool = one(operation, "post", "/pets/{id}")
    assert list(tool.parameters["properties"]) == ["id", "id_query", "id_header", "body", "body_header", "body_json"]
    assert tool.parameters["required"] == ["id", "body_json"]
    assert made(tool).body == "body_json"
    assert [(i.argument, i.name, i.place) for i in made(tool).inputs[:3]] == [
        ("id", "id", "path"),
        ("id_query", "id", "query"),
        ("id_header", "id", "header"),
    ]


def test_argument_names_are_legal_and_the_servers_names_kept():
    tool = one(
        {
            "parameters": [
                parameter("filter[status]"),
                parameter("filter.status"),
                parameter("größe"),
                parameter("x" * 99),
            ]
        }
    )
    assert [i.name for i in made(tool).inputs] == ["filter[status]", "filter.status", "größe", "x" * 99]
    assert [i.argument for i in made(tool).inputs] == ["filter_status", "filter.status", "gr_e", "x" * 64]


def test_path_level_parameters_hold_unless_the_operation_has_its_own():
    item = {"parameters": [parameter("id", "path", required=True), parameter("lang", schema={"enum": ["de"]})]}
    tool = one({"parameters": [parameter("lang", schema={"enum": ["en"]})]}, path="/pets/{id}", item=item)
    assert tool.parameters["properties"]["lang"] == {"enum": ["en"]}
    assert tool.parameters["required"] == ["id"]


@pytest.mark.parametrize(
    ("servers", "url", "address"),
    [
        (None, URL, "https://api.example/pets"),
        ([{"url": "/api"}], URL, "https://api.example/api/pets"),
        ([{"url": "../v2/"}], URL, "https://api.example/v2/pets"),
        ([{"url": "https://other.example/base/"}], "", "https://other.example/base/pets"),
        (
            [
                {
                    "url": "https://{region}.example:{port}/",
                    "variables": {"region": {"default": "eu"}, "port": {"default": 8443}},
                }
            ],
            "",
            "https://eu.example:8443/pets",
        ),
        ([{"url": "https://first.example"}, {"url": "https://second.example"}], "", "https://first.example/pets"),
    ],
)
def test_servers(servers, url, address):
    more = {"servers": servers} if servers else {}
    assert made(read(document({"/pets": {"get": {}}}, **more), url).tools[0]).url == address


def test_the_nearest_servers_win():
    item = {
        "servers": [{"url": "https://item.example"}],
        "get": {},
        "post": {"servers": [{"url": "https://own.example"}]},
    }
    tools = read(document({"/pets": item}, servers=[{"url": "https://all.example"}])).tools
    assert [made(tool).url for tool in tools] == ["https://item.example/pets", "https://own.example/pets"]


@pytest.mark.parametrize("servers", [None, [{"url": "/api"}], [{"url": "ftp://x.example"}], ["nonsense"]])
def test_a_document_that_names_no_server_gives_no_tools(servers):
    more = {"servers": servers} if servers else {}
    reading = read(document({"/pets": {"get": {}}}, **more))
    assert reading.left_out == (LeftOut("GET /pets", "the document does not say on which server it is"),)


def test_names_are_legal_and_unique():
    paths = {
        "/a": {"get": {"operationId": "get a!"}, "put": {"operationId": "get-a"}, "post": {"operationId": "get a?"}},
        "/b/{id}/c.json": {"delete": {"parameters": [parameter("id", "path", required=True)]}},
        "/long": {"get": {"operationId": "x" * 100}, "put": {"operationId": "x" * 90}},
        "/odd": {"get": {"operationId": "日本"}},
    }
    names = [tool.name for tool in read(document(paths), URL).tools]
    assert names == ["get_a", "get_a_2", "get-a", "delete_b_id_c_json", "x" * 64, "x" * 62 + "_2", "operation"]
    assert all(__import__("re").fullmatch(NAME_PATTERN, name) for name in names)


def test_a_prefix_goes_before_every_name():
    assert read(document({"/pets": {"get": {"operationId": "list"}}}), URL, prefix="shop_").tools[0].name == "shop_list"


@pytest.mark.parametrize("only", [["list"], ["shop_list"], ["GET /pets"]])
def test_only_what_was_asked_for_is_read(only):
    paths = {"/pets": {"get": {"operationId": "list"}, "post": {"operationId": "add"}, "options": {}}}
    reading = read(document(paths), URL, prefix="shop_", only=only)
    assert [tool.name for tool in reading.tools] == ["shop_list"]
    assert reading.left_out == ()


def test_what_was_asked_for_and_is_not_there_is_named():
    reading = read(document({"/pets": {"get": {"operationId": "list"}}}), URL, only=["list", "remove"])
    assert reading.left_out == (LeftOut("remove", "there is no operation of this name in the document"),)


def test_allowances_are_kept_with_the_tool():
    tool = read(document({"/pets": {"get": {}}}), URL, allow=["127.0.0.1:80"]).tools[0]
    assert made(tool).allow == ("127.0.0.1:80",)


def test_an_allowance_that_is_no_host_is_refused():
    with pytest.raises(DocumentError, match="'http://x' is not a host or host:port"):
        read(document({"/pets": {"get": {}}}), URL, allow=["http://x"])


@pytest.mark.parametrize(
    ("operation", "method", "words"),
    [
        ({"requestBody": json_body({}, media_type="application/xml")}, "put", "application/xml"),
        ({"requestBody": {"content": {}, "required": True}}, "post", "of no type"),
        ({"requestBody": json_body({}, media_type="image/svg+xml")}, "put", "image/svg+xml"),
        ({"requestBody": json_body({})}, "get", "needs a body, which GET requests do not have"),
        ({"parameters": [parameter("x", "matrix")]}, "get", "no place"),
        ({"parameters": [parameter("x", style="matrix")]}, "get", "in the style 'matrix'"),
        ({"parameters": [parameter("o", style="deepObject", explode=False, required=True)]}, "get", "deepObject"),
        ({"parameters": [{"name": "x", "in": "query", "content": {"application/xml": {}}}]}, "get", "application/xml"),
        ({"parameters": [parameter("id", "path", required=True)]}, "get", "has no place in the path"),
        ({"parameters": [{"$ref": "#/components/parameters/gone"}]}, "get", "is not there"),
        ({"parameters": [{"$ref": "other.yaml#/x"}]}, "get", "not within the document"),
        ({"parameters": [parameter("x", schema={"$ref": "https://evil.example/x"})]}, "get", "not within the document"),
        ({"parameters": [parameter("x", schema={"type": "banana"})]}, "get", "its schema is faulty"),
        ({"servers": [{"url": "https://{region}.example"}]}, "get", "variable without a default"),
        ({}, "options", "OPTIONS is not one for tools"),
        ({}, "trace", "TRACE is not one for tools"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_reason(operation, method, words):
    assert words in reason(operation, method)


def test_a_path_parameter_that_is_not_declared_is_named():
    assert "{id}" in reason({}, path="/pets/{id}")


def test_a_path_that_stands_in_another_file_is_named():
    reading = read(document({"/pets": {"get": {}}, "/cats": {"$ref": "cats.yaml"}}), URL)
    assert [left.operation for left in reading.left_out] == ["/cats"]
    assert "not within the document" in reading.left_out[0].reason


def test_webhooks_are_named():
    reading = read(document({"/pets": {"get": {}}}, webhooks={"newPet": {"post": {}}}), URL)
    assert reading.left_out == (LeftOut("webhook newPet", "webhooks are calls by the server"),)


@pytest.mark.parametrize(
    ("operation", "note"),
    [
        ({"parameters": [parameter("Authorization", "header")]}, "The header Authorization is not an input"),
        ({"requestBody": json_body({}, required=False)}, "Not sent: a body"),
        ({"callbacks": {"done": {}}}, "callbacks reach nobody"),
        ({"security": [{"key": []}]}, "The server wants to know who calls (key), in a way that is not possible here."),
    ],
)
def test_what_is_not_done_of_an_operation_is_noted(operation, note):
    assert any(note in line for line in made(one(operation)).notes)


def test_an_optional_body_that_cannot_be_written_is_noted():
    operation = {"requestBody": json_body({}, media_type="application/xml", required=False)}
    (note,) = made(one(operation, "post")).notes
    assert note.startswith("Not sent: a body that is application/xml")


def test_security_that_is_optional_or_lifted_needs_no_note():
    assert made(one({"security": []}, security=[{"key": []}])).notes == ()
    assert made(one({"security": [{"key": []}, {}]})).notes == ()


def schema_of(schema, version="3.0.3", **components):
    operation = {"requestBody": json_body(schema)}
    return one(operation, "post", version=version, components={"schemas": components}).parameters["properties"]["body"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        (
            {"allOf": [{"type": "object"}], "nullable": True, "description": "d"},
            {"anyOf": [{"allOf": [{"type": "object"}]}, {"type": "null"}], "description": "d"},
        ),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 0}),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": False}, {"type": "number", "maximum": 9}),
        ({"type": "string", "example": "x", "xml": {}, "x-own": 1, "deprecated": True}, {"type": "string"}),
        ({"type": "object", "discriminator": {"propertyName": "t"}}, {"type": "object"}),
        ({"type": "string", "pattern": "(?<!a"}, {"type": "string", "description": "(Pattern: (?<!a)"}),
        (
            {
                "type": "object",
                "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
                "required": ["id", "name"],
            },
            {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        ),
    ],
)
def test_openapis_own_words_become_json_schema(given, expected):
    assert schema_of(given) == expected


def test_references_are_resolved():
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    pet = {"type": "object", "properties": {"owner": {"$ref": "#/components/schemas/Owner", "description": "Whose"}}}
    assert schema_of(schema, Pet=pet, Owner={"type": "string"}) == {
        "type": "array",
        "items": {"type": "object", "properties": {"owner": {"type": "string", "description": "Whose"}}},
    }


def test_rules_beside_a_reference_hold_as_well():
    schema = {"$ref": "#/components/schemas/Name", "minLength": 3}
    assert schema_of(schema, "3.1.0", Name={"type": "string"}) == {"allOf": [{"type": "string"}], "minLength": 3}


def test_references_with_escaped_names_are_found():
    schema = {"$ref": "#/components/schemas/a~1b~0c"}
    assert schema_of(schema, **{"a/b~c": {"type": "integer"}}) == {"type": "integer"}


def test_properties_may_be_called_like_keywords():
    schema = {"type": "object", "properties": {"example": {"type": "string"}, "$ref": {"type": "string"}, "xml": True}}
    assert list(schema_of(schema)["properties"]) == ["example", "$ref", "xml"]


def test_recursion_ends_and_is_noted():
    tree = {
        "type": "object",
        "title": "Tree",
        "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    }
    tool = one(
        {"requestBody": json_body({"$ref": "#/components/schemas/Tree"})},
        "post",
        components={"schemas": {"Tree": tree}},
    )
    inner = tool.parameters["properties"]["body"]["properties"]["kids"]["items"]
    assert inner == {"type": "object", "description": "Tree"}
    assert any("lead back to themselves" in note for note in made(tool).notes)
    assert check_arguments(tool, '{"body":{"kids":[{"kids":[{"kids":[]}]}]}}')
    assert isinstance(check_arguments(tool, '{"body":{"kids":[1]}}'), BadArguments)


def test_a_cut_does_not_make_a_schema_refuse_what_the_server_takes():
    expression = {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "properties": {"inner": {"oneOf": [{"type": "string"}, REF]}}},
        ],
        "not": {"properties": {"never": REF}},
    }
    tool = one({"requestBody": json_body(REF)}, "post", components={"schemas": {"E": expression}})
    assert check_arguments(tool, '{"body":{"inner":"x"}}') == {"body": {"inner": "x"}}
    assert check_arguments(tool, '{"body":{"inner":{"inner":"x"}}}') == {"body": {"inner": {"inner": "x"}}}
    assert isinstance(check_arguments(tool, '{"body":1}'), BadArguments)


@pytest.mark.timeout(20)
def test_schemas_that_double_at_every_step_are_cut():
    schemas = {
        f"S{n}": {"type": "object", "properties": {side: {"$ref": f"#/components/schemas/S{n + 1}"} for side in "ab"}}
        for n in range(60)
    }
    schemas["S60"] = {"type": "string"}
    tool = one({"requestBody": json_body({"$ref": "#/components/schemas/S0"})}, "post", components={"schemas": schemas})
    assert len(msgspec.json.encode(tool.parameters)) < MAX_NODES * 200
    assert made(tool).notes


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
    ],
)
def test_references_in_a_circle_are_a_reason(schemas):
    operation = {"requestBody": json_body({"$ref": "#/components/schemas/A"})}
    assert "circle" in reason(operation, "post", components={"schemas": schemas})


def test_optional_inputs_of_odd_documents_do_no_harm():
    odd = {
        "/a": None,
        "/b": [],
        "/c": {"get": None},
        "/d": {"parameters": None, "get": {"parameters": "x", "requestBody": []}},
    }
    assert [made(tool).operation for tool in read(document(odd), URL).tools] == ["GET /d"]


@pytest.mark.parametrize("paths", [{}, None, {"/a": {}}])
def test_documents_without_operations_are_refused(paths):
    with pytest.raises(DocumentError, match="no operations"):
        read({"openapi": "3.1.0", "info": {}, "paths": paths})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not an OpenAPI document"),
        ("[]", "not an OpenAPI document"),
        ("hello", "not an OpenAPI document"),
        ("{", "not valid JSON"),
        ("a: [", "not valid YAML"),
        ("!!python/object/apply:os.system ['id']", "not valid YAML"),
        ('{"swagger": "1.2"}', "its version is '1.2'"),
        ('{"openapi": "4.0"}', "its version is '4.0'"),
        ('{"info": {}}', "no 'openapi' field"),
        ("[" * 100_000, "not valid YAML|too deeply"),
    ],
)
def test_texts_that_are_no_documents_are_refused(text, words):
    with pytest.raises(DocumentError) as caught:
        parse(text)
    assert any(part in str(caught.value) for part in words.split("|"))


def test_yaml_is_read_without_surprises():
    text = """
openapi: 3.0.3
info: {title: Pets, version: 2024-01-31}
paths:
  /pets:
    get:
      responses: {200: {description: ok}, default: {description: x}}
      parameters:
        - {name: on, in: query, schema: {type: string, enum: [yes, no, on, NO]}}
        - {name: flag, in: query, schema: {type: boolean, default: true}}
"""
    parsed = parse(text)
    assert parsed["info"]["version"] == "2024-01-31"
    operation = parsed["paths"]["/pets"]["get"]
    assert list(operation["responses"]) == ["200", "default"]
    assert operation["parameters"][0]["schema"]["enum"] == ["yes", "no", "on", "NO"]
    assert operation["parameters"][1]["schema"]["default"] is True


@pytest.mark.timeout(20)
def test_yaml_aliases_do_not_explode():
    lines = ["openapi: 3.1.0", "x0: &x0 {a: 1}"]
    lines += [f"x{n}: &x{n} {{a: *x{n - 1}, b: *x{n - 1}}}" for n in range(1, 60)]
    lines += ["paths:", "  /a: {post: {requestBody: {content: {application/json: {schema: {properties: *x59}}}}}}"]
    assert parse("\n".join(lines))["x59"]["a"] is parse("\n".join(lines))["x0"] or True
    reading = read(parse("\n".join(lines)), URL)
    assert len(reading.tools) + len(reading.left_out) == 1


def large(count):
    schemas = {
        f"T{n}": {"type": "object", "properties": {f"p{k}": {"type": "string"} for k in range(12)}} for n in range(200)
    }
    paths = {
        f"/things{n}/{{id}}": {
            "get": {
                "operationId": f"getThing{n}",
                "parameters": [parameter("id", "path", required=True), parameter("q")],
            },
            "put": {
                "operationId": f"putThing{n}",
                "parameters": [parameter("id", "path", required=True)],
                "requestBody": json_body({"$ref": f"#/components/schemas/T{n % 200}"}),
            },
        }
        for n in range(count // 2)
    }
    return document(paths, components={"schemas": schemas})


def test_thousands_of_operations_are_read_in_seconds():
    text = msgspec.json.encode(large(4_000)).decode()
    before = time.process_time()
    reading = read(parse(text), URL)
    assert time.process_time() - before < 10
    assert len(reading.tools) == 4_000
