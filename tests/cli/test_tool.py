"""Tools from the command line: brought in, tried, kept."""

import io
import json
import sys

import pytest
from sqlalchemy import text

from tests.support.echo import serving_in_thread

DOCUMENT = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example"}]
paths:
  /pets:
    get: {operationId: listPets, responses: {"200": {description: ok}}}
"""


def test_a_secret_goes_to_the_server_and_into_nothing_that_is_kept(cli, tmp_path, monkeypatch, engine):
    monkeypatch.setenv("ARYABHATTA_LOG_LEVEL", "debug")
    with serving_in_thread() as server:
        document = {
            "openapi": "3.1.0",
            "servers": [{"url": server.url("/")}],
            "security": [{"key": []}],
            "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
            "paths": {"/me": {"get": {"operationId": "whoami"}}},
        }
        file = tmp_path / "me.json"
        file.write_text(json.dumps(document))
        imported = cli("tool", "import-openapi", str(file), "--allow-host", server.host, "--json").json
        (needed,) = imported["secrets"]
        name = f"127.0.0.1_{server.port}.key"
        assert needed == {"name": name, "goes": f"header authorization: Bearer ‹{name}›", "is_set": False}
        assert f"secret set {name}" in cli("tool", "import-openapi", str(file), "--allow-host", server.host).out

        without = cli("tool", "test", "whoami", "{}", "--json")
        assert (without.code, without.lines[-1]["error"]["kind"], server.requests) == (1, "auth", [])

        monkeypatch.setattr(sys, "stdin", io.StringIO("pa55word-of-mine\n"))
        cli("secret", "set", name)
        shown = cli("tool", "show", "whoami").out
        assert needed["goes"] in shown
        assert "not set" not in shown
        called = cli("tool", "test", "whoami", "{}", "--json")
    assert server.requests[0].headers["authorization"] == "Bearer pa55word-of-mine"
    assert called.code == 0
    assert f"[secret {name}]" in called.lines[-1]["output"]
    run_id = called.lines[-1]["run_id"]
    bundle = tmp_path / "bundle.json"
    assert cli("runs", "export", run_id, str(bundle)).code == 0
    said = called.out + called.err + bundle.read_text() + _everything_kept(engine)
    assert "pa55word" not in said
    assert "whoami" in said


def _everything_kept(engine):
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return "\n".join(str(row) for table in tables for row in connection.execute(text(f'SELECT * FROM "{table}"')))


@pytest.mark.parametrize("pair", ["key", "=NAME", "key="])
def test_a_secret_is_given_as_a_pair(cli, tmp_path, pair):
    file = tmp_path / "pets.yaml"
    file.write_text(DOCUMENT)
    ended = cli("tool", "import-openapi", str(file), "--secret", pair)
    assert (ended.code, "is not SCHEME=NAME" in ended.err) == (2, True)


def test_two_documents_do_not_replace_each_others_tools(cli, tmp_path):
    file = tmp_path / "pets.yaml"
    file.write_text(DOCUMENT)
    assert cli("tool", "import-openapi", str(file)).code == 0
    file.write_text(DOCUMENT.replace("title: Pets", "title: Dogs"))
    ended = cli("tool", "import-openapi", str(file))
    assert (ended.code, "a tool named listPets exists already" in ended.out) == (1, True)


def test_an_http_tool_from_a_file(cli, tmp_path, monkeypatch):
    file = tmp_path / "echo.yaml"
    with serving_in_thread() as server:
        file.write_text(f"""
name: ask_echo
description: Says back what it is asked.
url: {server.url("/{place}")}
query: {{q: "{{words}}"}}
secrets: [{{secret: ECHO_KEY}}]
inputs: {{place: {{}}, words: {{required: false}}}}
select: target
allow_hosts: ["{server.host}"]
""")
        added = cli("tool", "add-http", str(file))
        assert (added.code, added.out.splitlines()[0]) == (0, "ask_echo is kept (read).")
        assert "To be set: python -m core secret set ECHO_KEY" in added.out
        again = cli("tool", "add-http", str(file), "--json").json
        assert (again["name"], again["kind"], again["is_new"]) == ("ask_echo", "http", False)
        monkeypatch.setattr(sys, "stdin", io.StringIO("pa55word-of-mine\n"))
        cli("secret", "set", "ECHO_KEY")
        called = cli("tool", "test", "ask_echo", '{"place":"a/b","words":"x y"}', "--json")
    assert called.lines[-1]["output"] == "HTTP 200\n/a%2Fb?q=x%20y"
    assert server.requests[0].headers["authorization"] == "Bearer pa55word-of-mine"
    assert cli("tool", "list", "--search", "ask_echo", "--json").json[0]["kind"] == "http"


@pytest.mark.parametrize(
    ("text", "said"),
    [("name: a", "'description' is missing."), ("name: a\ndescription: b\nurl: c", "The address begins with https://")],
)
def test_a_faulty_http_tool_is_not_kept(cli, tmp_path, text, said):
    file = tmp_path / "a.yaml"
    file.write_text(text)
    ended = cli("tool", "add-http", str(file))
    assert (ended.code, said in ended.err) == (2, True)


def test_an_agent_becomes_a_tool(cli):
    made = cli("tool", "add-agent", "Number clerk", "--json").json
    assert (made["name"], made["kind"], made["is_new"]) == ("ask_number_clerk", "agent", True)
    assert "was there already" in cli("tool", "add-agent", "Number clerk").out
    called = cli("tool", "test", "ask_number_clerk", '{"task": "What is 17 % of 2,340?"}', "--json")
    assert (called.code, "397.8" in called.lines[-1]["output"]) == (0, True)
    assert cli("tool", "add-agent", "Nobody").code == 2


def test_a_python_function_becomes_a_tool(cli, tmp_path):
    file = tmp_path / "double.py"
    file.write_text('def double(n: int) -> int:\n    """Twice a number."""\n    return n * 2\n')
    made = cli("tool", "add-python", str(file), "--json").json
    assert (made["name"], made["kind"], made["effect"], made["is_new"]) == ("double", "python", "read", True)
    called = cli("tool", "test", "double", '{"n": 21}', "--json")
    assert (called.code, called.lines[-1]["output"]) == (0, "42")
    file.write_text("def double(n): pass")
    assert "has no type" in cli("tool", "add-python", str(file)).err


def test_a_tool_says_how_it_did(cli):
    assert "not called in the last 30 days" in cli("tool", "show", "calculator").out
    cli("tool", "test", "calculator", '{"expression": "1+1"}')
    cli("tool", "test", "calculator", '{"expression": "1/0"}')
    stats = cli("tool", "show", "calculator", "--json").json["stats"]
    assert (stats["calls"], stats["errors"], stats["unknown"]) == (2, 1, 0)
    assert "last 30 days: 2 calls, 1 failed, 0 unknown, p50" in cli("tool", "show", "calculator").out
