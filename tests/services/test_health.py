import msgspec
import pytest

from core.clients.demo.server import DemoServer
from core.clients.local import LocalModels
from core.db.engine import create_engine
from core.services.connections import Connections
from core.services.endpoints import EndpointService
from core.services.health import HealthService, disk
from core.services.secrets import SecretService
from tests.support.mcp_servers import SmallServer, tool
from tests.support.scripted import ScriptedServer
from tests.support.workspace import workspace


@pytest.fixture
def health(engine, settings):
    secrets, demo = SecretService(engine, settings), DemoServer(tokens_per_second=0)
    connections = Connections(secrets, demo, LocalModels(settings.home / "models"))
    endpoints = EndpointService(engine, settings, secrets, connections)
    service = HealthService(engine, settings, endpoints)
    service.endpoints = endpoints
    yield service
    demo.stop()


def lines(health):
    return {line.name: line for line in health.check()}


def test_a_new_workspace_is_well(health):
    found = lines(health)
    assert list(found) == ["database", "endpoint demo", "disk"]
    assert all(line.ok for line in found.values())
    assert found["endpoint demo"].detail.startswith("Scripted demo, not AI. Answers in")
    assert "Hugging Face token" in found["endpoint demo"].advice
    assert "PostgreSQL 18" in found["database"].detail


def test_only_the_chosen_endpoint_is_required(health):
    with ScriptedServer(models=["a"]) as server:
        health.endpoints.add("good", server.base_url, "ada")
        health.endpoints.add("closed", "http://127.0.0.1:1/v1", "ada")
        found = lines(health)
    assert (found["endpoint good"].ok, found["endpoint good"].required) == (True, True)
    assert (found["endpoint closed"].ok, found["endpoint closed"].required) == (False, False)
    assert "No key is sent to http://127.0.0.1:1." in found["endpoint closed"].advice
    assert found["endpoint demo"].required is False


def test_a_local_model_is_not_loaded_to_look_at_it(health, settings):
    (settings.home / "models").mkdir(parents=True)
    (settings.home / "models" / "tiny.gguf").write_bytes(b"no model at all")
    line = lines(health)["endpoint local"]
    assert (line.ok, line.detail) == (True, "tiny.gguf is loaded when it is first asked")


def test_a_database_that_does_not_answer_is_one_line(settings, health):
    engine = create_engine("postgresql+psycopg2://u:s3cret@127.0.0.1:1/x")
    found = HealthService(engine, settings, health.endpoints).check()
    assert [(line.name, line.ok, line.required) for line in found] == [("database", False, True), ("disk", True, True)]
    assert "s3cret" not in repr(found)


def test_a_database_without_tables_says_what_to_do(settings, health, empty_database_url):
    engine = create_engine(empty_database_url)
    line = HealthService(engine, settings, health.endpoints).check()[0]
    engine.dispose()
    assert (line.ok, line.advice) == (False, "Bring it up to date with: python -m core migrate")


def test_the_disk_of_a_home_that_is_not_there_yet(settings, tmp_path):
    line = disk(msgspec.structs.replace(settings, home=tmp_path / "a" / "b"))
    assert line.ok
    assert "GB free, at" in line.detail


def test_mcp_servers_are_asked_and_what_changed_is_named(settings, tmp_path):
    small = SmallServer(tmp_path)
    small.lists(tool("add"), tool("fail"))
    with workspace(settings) as app:
        app.tool_sources.add("small", app.tool_sources.look(small.server).value, "")
        assert server_line(app.health.check()) == (True, "small 1 offers 2 tools, 2 in use")
        small.lists(tool("add", "Another word."))
        assert server_line(app.health.look()) == (True, "small 1 offers 2 tools, 2 in use")
        assert server_line(app.health.check()) == (False, "changed since it was accepted: add, fail")
        assert server_line(app.health.look()) == (False, "changed since it was accepted: add, fail")
        (small.folder / "tools.json").unlink()
        is_well, detail = server_line(app.health.check())
        assert (is_well, "Connection closed" in detail) == (False, True)


def server_line(lines):
    (line,) = [line for line in lines if line.name == "MCP server small"]
    assert line.required is False
    assert bool(line.advice) != line.ok
    return line.ok, line.detail


def test_secrets_of_another_home_are_named(engine, settings, tmp_path, health):
    here = SecretService(engine, settings)
    here.set("MINE", "a value", "ada")
    SecretService(engine, msgspec.structs.replace(settings, home=tmp_path / "other")).set("THEIRS", "b value", "ada")
    (line,) = [
        line for line in HealthService(engine, settings, health.endpoints, None, here).check() if line.name == "secrets"
    ]
    assert (line.ok, line.required) == (False, False)
    assert "THEIRS" in line.detail
    assert "MINE" not in line.detail
    here.delete("THEIRS")
    assert here.unreadable() == []


def test_where_others_execute_somebody_has_to(settings):
    queues_only = msgspec.structs.replace(settings, execute=False)
    with workspace(queues_only) as app:
        (line,) = [line for line in app.health.check() if line.name == "workers"]
        assert (line.ok, line.required) == (False, True)
        assert "python -m core worker" in line.advice
        with workspace(settings, adopt=True) as worker:
            run = worker.runs.test_tool("calculator", '{"expression": "1"}').value
            worker.runs.wait(run.id, 15)
            assert next(line for line in app.health.check() if line.name == "workers").ok
