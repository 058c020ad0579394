"""What each command prints and changes."""

import io
import sys

import pytest

from core.services.secrets import SecretService


def stdin(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_migrate_says_from_where_to_where(empty_database_url, cli, monkeypatch):
    monkeypatch.setenv("DB_CONNECTION_STRING", empty_database_url)
    first = cli("migrate", "--json")
    assert (first.code, first.json["from"]) == (0, None)
    newest = first.json["to"]
    assert cli("migrate").out == f"{newest} → {newest}\n"


def test_doctor_is_well_with_the_demo(cli):
    ended = cli("doctor", "--json")
    assert ended.code == 0
    assert ended.json["ok"] is True
    checks = {check["name"]: check for check in ended.json["checks"]}
    assert list(checks["database"]) == ["name", "ok", "detail", "advice", "required"]
    assert checks["endpoint demo"]["ok"]
    assert "ok    database: PostgreSQL" in cli("doctor").out


def test_doctor_fails_where_the_chosen_endpoint_does_not_answer(cli, add_endpoint):
    add_endpoint("office", "http://127.0.0.1:1/v1")
    ended = cli("doctor", "--json")
    assert (ended.code, ended.json["ok"]) == (1, False)
    (line,) = [line for line in cli("doctor").out.splitlines() if "office" in line]
    assert line.startswith("FAIL  endpoint office: ")


def test_doctor_without_a_database_says_so_and_checks_the_rest(cli, monkeypatch):
    monkeypatch.setenv("DB_CONNECTION_STRING", "postgresql://u:s3cret@127.0.0.1:1/x")
    ended = cli("doctor", "--json")
    assert ended.code == 1
    assert [(check["name"], check["ok"]) for check in ended.json["checks"]] == [("database", False), ("disk", True)]
    assert "s3cret" not in ended.out + ended.err


def test_secrets_are_set_from_stdin_and_never_printed(cli, monkeypatch, engine, settings):
    stdin(monkeypatch, "s3cret\n")
    ended = cli("secret", "set", "KEY")
    assert (ended.code, ended.out) == (0, "KEY is kept.\n")
    assert SecretService(engine, settings).value("KEY") == "s3cret"
    listed = cli("secret", "list", "--json")
    assert [one["name"] for one in listed.json] == ["KEY"]
    assert "s3cret" not in listed.out + cli("secret", "list").out
    assert cli("secret", "delete", "KEY").code == 0
    assert cli("secret", "delete", "KEY").code == 2
    stdin(monkeypatch, "")
    assert cli("secret", "set", "KEY").code == 2


def test_agents_as_files(cli, tmp_path, monkeypatch):
    assert [row["name"] for row in cli("agent", "list", "--json").json] == [
        "Day planner",
        "Note keeper",
        "Number clerk",
    ]
    text = cli("agent", "export", "Number clerk").out
    assert text.startswith("name: Number clerk\n")
    file = tmp_path / "agent.yaml"
    file.write_text(text.replace("name: Number clerk", "name: Cousin"))
    assert cli("agent", "import", str(file), "--json").json == {
        "name": "Cousin",
        "revision": 1,
        "new_revision": True,
        "live": True,
        "gate": None,
    }
    assert cli("agent", "import", str(file)).out == "Cousin: revision 1 is live already; nothing changed.\n"
    file.write_text(file.read_text().replace("careful", "cheerful"))
    assert cli("agent", "import", str(file)).out == "Cousin: revision 2 is live.\n"
    assert "cheerful" in cli("agent", "export", "Cousin").out
    assert "careful" in cli("agent", "export", "Cousin", "--revision", "1").out
    shown = cli("agent", "show", "Cousin", "--json").json
    assert (shown["revision"], shown["has_draft"], "cheerful" in shown["spec"]["instructions"]) == (2, False, True)
    assert cli("agent", "show", "Cousin").out.startswith("# revision 2\nname: Cousin\n")
    assert "Cousin" in cli("agent", "list").out
    stdin(monkeypatch, "name: From stdin\n")
    assert cli("agent", "import", "-").out == "From stdin: revision 1 is live.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("agent", "show", "Nobody"), "There is no agent named Nobody."),
        (("agent", "export", "Nobody"), "There is no agent named Nobody."),
        (("agent", "export", "Number clerk", "--revision", "9"), "Number clerk has no revision 9."),
        (("agent", "import", "/nowhere.yaml"), "No such file"),
        (("tool", "show", "nothing"), "There is no tool named nothing."),
        (("tool", "test", "nothing", "{}"), "There is no tool named nothing."),
        (("tool", "import-openapi", "/nowhere.yaml"), "/nowhere.yaml cannot be read: No such file or directory."),
        (("runs", "show", "abc"), "'abc' is not the id of a run."),
        (("runs", "show", "00000000-0000-7000-8000-000000000000"), "There is no run"),
        (("runs", "request", "00000000-0000-7000-8000-000000000000", "--step", "1"), "There is no such run."),
        (("runs", "list", "--agent", "Nobody"), "There is no agent named Nobody."),
    ],
)
def test_what_does_not_exist_is_exit_2(cli, arguments, words):
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_a_file_with_a_fault(cli, monkeypatch):
    stdin(monkeypatch, "name: x\nspec: {tools: calculator}\n")
    ended = cli("agent", "import", "-")
    assert ended.code == 2
    assert ended.err == "Error: spec, tools: expected a list, found the text 'calculator'.\n"


def test_tools(cli):
    listed = cli("tool", "list", "--json").json
    assert list(listed[0]) == ["name", "kind", "effect", "description"]
    assert {"calculator", "notebook_write"} <= {tool["name"] for tool in listed}
    assert "calculator" in cli("tool", "list", "--search", "arithmetic").out
    shown = cli("tool", "show", "calculator", "--json").json
    assert shown["schema_hash"].startswith("c1:")
    assert "expression" in cli("tool", "show", "calculator").out


def test_one_call_of_one_tool_is_a_recorded_run(cli):
    ended = cli("tool", "test", "calculator", '{"expression": "6*7"}', "--json")
    assert (ended.code, ended.lines[-1]["output"], ended.lines[-1]["calls"]) == (0, "42", {"executed": 1, "refused": 0})
    assert cli("runs", "list", "--json").json[0]["kind"] == "test"
    assert "= 42" in cli("tool", "test", "calculator", '{"expression": "6*7"}').out
    refused = cli("tool", "test", "calculator", '{"expr": 1}', "--json")
    assert (refused.code, refused.lines[-1]["error"]["kind"]) == (1, "tool_args_invalid")


DOCUMENT = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example"}]
paths:
  /pets:
    get: {operationId: listPets, responses: {"200": {description: ok}}}
webhooks:
  petSold:
    post: {operationId: petSold, responses: {"200": {description: ok}}}
"""


def test_tools_from_an_openapi_document(cli, tmp_path):
    file = tmp_path / "pets.yaml"
    file.write_text(DOCUMENT)
    ended = cli("tool", "import-openapi", str(file), "--prefix", "shop_", "--json")
    assert ended.code == 0
    assert list(ended.json) == ["imported", "left_out"]
    assert ended.json["imported"] == [{"name": "shop_listPets", "operation": "GET /pets"}]
    assert [list(row) for row in ended.json["left_out"]] == [["operation", "reason"]]
    assert cli("tool", "show", "shop_listPets", "--json").json["kind"] == "openapi"
    table = cli("tool", "import-openapi", str(file), "--only", "listPets, nothing").out
    assert "imported  GET /pets  listPets" in table
    assert "left out  nothing" in table
    file.write_text("nonsense")
    assert cli("tool", "import-openapi", str(file)).code == 2
