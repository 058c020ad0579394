"""Forms, files and cookies: from the document to the bytes that the server gets."""

import msgspec
import pytest

from core.tools.executor import CannotDoError
from core.tools.http_request.body import FILE_HINT
from core.tools.http_request.build import build
from core.tools.http_request.definition import operation_of
from core.tools.openapi.reader import read

URL = "https://api.example/openapi.json"
FILE = {"type": "string", "format": "binary"}


def tool(operation, path="/x"):
    document = {"openapi": "3.1.0", "info": {"title": "T"}, "paths": {path: {"post": operation}}}
    reading = read(document, URL)
    assert reading.left_out == ()
    return reading.tools[0]


def form(properties, media_type="application/x-www-form-urlencoded", **encoding):
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"content": {media_type: {"schema": schema, "encoding": encoding}}}}


def sent(made, **arguments):
    return build(operation_of(made), arguments, "key", 5)


@pytest.mark.parametrize(
    ("encoding", "value", "body"),
    [
        ({}, {"a": "x y", "b": 5, "c": None}, b"a=x+y&b=5"),
        ({}, {"a": [1, 2]}, b"a=1&a=2"),
        ({}, {"a": {"k": 1}}, b"a=%7B%22k%22%3A1%7D"),
        ({"a": {"style": "form", "explode": False}}, {"a": [1, 2]}, b"a=1%2C2"),
        ({"a": {"style": "pipeDelimited"}}, {"a": [1, 2]}, b"a=1%7C2"),
        ({"a": {"style": "deepObject"}}, {"a": {"k": {"l": "v"}}}, b"a%5Bk%5D%5Bl%5D=v"),
        ({"a": {"style": "form"}}, {"a": {"k": 1}}, b"k=1"),
    ],
)
def test_forms_are_written_as_the_document_says(encoding, value, body):
    request = sent(tool(form({"a": {}, "b": {}, "c": {}}, **encoding)), body=value)
    assert request.body == body
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_multipart_body_carries_files_and_fields():
    made = tool(form({"file": FILE, "note": {}, "tags": {"type": "array"}, "meta": {}}, "multipart/form-data"))
    value = {"file": "data:image/png;base64,iVBORw==", "note": "hi", "tags": ["a", "b"], "meta": {"k": 1}}
    request = sent(made, body=value)
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    parts = request.body.split(f"--{boundary}".encode())
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    assert parts[1] == (
        b'\r\nContent-Disposition: form-data; name="file"; filename="file.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n"
    )
    assert parts[2] == b'\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n'
    assert [part.rpartition(b"\r\n\r\n")[2] for part in parts[3:5]] == [b"a\r\n", b"b\r\n"]
    assert b'Content-Type: application/json\r\n\r\n{"k":1}' in parts[5]


def test_the_same_arguments_give_the_same_bytes():
    made = tool(form({"file": FILE}, "multipart/form-data"))
    assert sent(made, body={"file": "x"}) == sent(made, body={"file": "x"})


def test_the_model_is_told_how_a_file_is_written():
    properties = {"file": {**FILE, "description": "The cat."}, "more": {"type": "array", "items": FILE}, "n": {}}
    told = tool(form(properties, "multipart/form-data")).parameters["properties"]["body"]["properties"]
    assert told == {
        "file": {"type": "string", "description": f"The cat. {FILE_HINT}"},
        "more": {"type": "array", "items": {"type": "string", "description": FILE_HINT}},
        "n": {},
    }


@pytest.mark.parametrize(
    ("schema", "encoding"),
    [({"contentMediaType": "image/png"}, {}), ({"type": "string"}, {"file": {"contentType": "image/*"}})],
)
def test_files_are_known_by_what_the_document_says_of_them(schema, encoding):
    made = tool(form({"file": schema}, "multipart/form-data", **encoding))
    assert b'filename="file.txt"' in sent(made, body={"file": "text"}).body


def test_a_field_name_cannot_end_its_header():
    made = tool(form({}, "multipart/form-data"))
    request = sent(made, body={'a"; filename="x\r\nEvil: 1': "v"})
    assert b'name="a%22; filename=%22x%0D%0AEvil: 1"\r\n' in request.body


@pytest.mark.parametrize(
    ("media_type", "value", "content", "header"),
    [
        ("text/plain", "Grüße", "Grüße".encode(), "text/plain"),
        ("text/csv", "a,b", b"a,b", "text/csv"),
        ("image/png", "data:image/png;base64,iVBORw==", b"\x89PNG", "image/png"),
        ("application/octet-stream", "data:,a%20b", b"a b", "application/octet-stream"),
        ("application/pdf", "plain", b"plain", "application/pdf"),
        ("image/*", "x", b"x", "application/octet-stream"),
    ],
)
def test_texts_and_files_are_bodies_of_their_own(media_type, value, content, header):
    made = tool({"requestBody": {"content": {media_type: {"schema": FILE}}}})
    assert made.parameters["properties"]["body"]["type"] == "string"
    request = sent(made, body=value)
    assert (request.body, request.headers["content-type"]) == (content, header)


def test_what_is_said_to_be_base64_has_to_be():
    made = tool({"requestBody": {"content": {"image/png": {}}}})
    with pytest.raises(CannotDoError, match="not base64"):
        sent(made, body="data:image/png;base64,***")


def test_of_several_types_the_one_that_says_most_is_sent_and_the_others_are_named():
    content = {"application/xml": {}, "multipart/form-data": {}, "application/json": {"schema": {"type": "object"}}}
    made = tool({"requestBody": {"content": content}})
    operation = operation_of(made)
    assert operation.media_type == "application/json"
    assert operation.notes == (
        "Its body is sent as application/json, never as application/xml or multipart/form-data.",
    )


def test_cookies_are_sent_in_one_header_and_cannot_bring_others():
    given = [{"name": name, "in": "cookie", "schema": {}} for name in ("a", "b")]
    request = sent(tool({"parameters": given}), a="1; admin=yes", b=[1, 2])
    assert request.headers["cookie"] == "a=1%3B%20admin%3Dyes; b=1; b=2"


@pytest.mark.parametrize(
    ("style", "explode", "value", "path"),
    [
        ("label", False, "a/b", ".a%2Fb"),
        ("label", False, [1, 2], ".1,2"),
        ("label", True, [1, 2], ".1.2"),
        ("label", True, {"r": 1, "g": 2}, ".r=1.g=2"),
        ("matrix", False, "a;b", ";v=a%3Bb"),
        ("matrix", False, [1, 2], ";v=1,2"),
        ("matrix", True, [1, 2], ";v=1;v=2"),
        ("matrix", True, {"r": 1, "g": 2}, ";r=1;g=2"),
        ("matrix", False, {"r": 1}, ";v=r,1"),
    ],
)
def test_path_styles(style, explode, value, path):
    parameter = {"name": "v", "in": "path", "required": True, "style": style, "explode": explode, "schema": {}}
    made = tool({"parameters": [parameter]}, "/x/{v}")
    assert sent(made, v=value).url == f"https://api.example/x/{path}"


def test_a_tool_with_fields_survives_its_way_through_json():
    made = tool(form({"file": FILE}, "multipart/form-data"))
    assert operation_of(msgspec.json.decode(msgspec.json.encode(made), type=type(made))) == operation_of(made)
