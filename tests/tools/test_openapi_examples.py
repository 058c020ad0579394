"""Documents of other people: of @readme/oas-examples 8.2.2 (MIT, its licence lies beside them), unchanged."""

from pathlib import Path

import pytest

from core.domain.schema_check import schema_fault
from core.tools.http_request.definition import operation_of
from core.tools.openapi.document import parse
from core.tools.openapi.reader import read

FOLDER = Path(__file__).parent / "openapi_examples"
COUNTS = {
    "circular.json": (1, ()),
    "file-uploads.json": (3, ()),
    "parameters-cookies.yaml": (1, ()),
    "security.yaml": (15, ()),
    "swagger-petstore.json": (20, ()),
    "webhooks.yaml": (0, ("webhook newPet",)),
}


def reading(name):
    return read(parse((FOLDER / name).read_text()), "https://docs.example/openapi")


def test_every_example_is_counted():
    assert {file.name for file in FOLDER.iterdir() if file.name != "LICENSE.md"} == COUNTS.keys()


@pytest.mark.parametrize(("name", "count", "left_out"), [(name, *rest) for name, rest in COUNTS.items()])
def test_every_operation_is_a_tool_or_named(name, count, left_out):
    made = reading(name)
    assert (len(made.tools), tuple(left.operation for left in made.left_out)) == (count, left_out)
    assert not any(schema_fault(tool.parameters) for tool in made.tools)


def test_files_are_uploaded_as_the_document_says():
    types = {operation_of(tool).operation: operation_of(tool).media_type for tool in reading("file-uploads.json").tools}
    assert types == {
        "POST /anything/image-png": "image/png",
        "POST /anything/multipart-formdata": "multipart/form-data",
        "PUT /anything/multipart-formdata": "multipart/form-data",
    }


def test_what_cannot_be_said_to_a_server_is_noted():
    notes = {operation_of(tool).operation: operation_of(tool).notes for tool in reading("security.yaml").tools}
    silent = [place for place, said in notes.items() if any("not possible here" in line for line in said)]
    assert silent == ["POST /anything/mutualTLS"]
