"""`tool drift` of OpenAPI documents: read again from their file, compared by words, accepted."""

import json

import pytest


@pytest.fixture
def file(tmp_path):
    return tmp_path / "pets.json"


def write(file, summary, *paths):
    given = {f"/{path}": {"get": {"operationId": path, "summary": summary}} for path in ("cats", *paths)}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pets"},
        "servers": [{"url": "https://p.example"}],
        "paths": given,
    }
    file.write_text(json.dumps(document))


def test_a_change_in_the_file_is_shown_by_words_and_accepted(cli, file):
    write(file, "About cats.")
    assert cli("tool", "import-openapi", str(file)).code == 0
    as_it_was = cli("tool", "drift")
    assert (as_it_was.code, "Pets: its tools as they were accepted." in as_it_was.out) == (0, True)

    write(file, "About big cats.", "dogs")
    found = cli("tool", "drift", "cats")
    assert found.code == 1
    assert "Pets: GET /cats changed: description" in found.out
    assert "About[+ big+] cats." in found.out
    assert "Pets: GET /dogs is new; it is only offered." in found.out
    (row,) = cli("tool", "drift", "Pets", "--json").json
    assert (row["drifted"], row["new"], row["drift"][0]["change"]) == (["GET /cats"], ["GET /dogs"], "changed")

    assert cli("tool", "drift", "Pets", "--accept").code == 0
    assert cli("tool", "drift").code == 0
    assert "About big cats." in cli("tool", "show", "cats").out


def test_a_document_that_cannot_be_read_and_a_name_that_is_none(cli, file):
    write(file, "About cats.")
    cli("tool", "import-openapi", str(file))
    file.write_text("no document")
    unreadable = cli("tool", "drift", "Pets")
    assert (unreadable.code, "Pets does not answer:" in unreadable.out) == (5, True)
    file.unlink()
    assert cli("tool", "drift").code == 2
    assert cli("tool", "drift", "nothing").code == 2
