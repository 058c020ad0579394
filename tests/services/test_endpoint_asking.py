"""What endpoints serve: asked seldom, in the background where a page looks on, and again when something changed."""

import threading
import time

import pytest

from core.clients.demo.server import DemoServer
from core.clients.local import LocalModels
from core.domain.model_info import ModelInfo
from core.services import secret_key
from core.services.connections import Connections
from core.services.endpoints import EndpointService
from core.services.secrets import SecretService
from tests.support.scripted import ScriptedServer, status, text

LIMIT_S = 10.0


@pytest.fixture
def demo():
    demo = DemoServer(tokens_per_second=0)
    yield demo
    demo.stop()


def started(engine, settings, demo):
    """The services of a process that was started just now."""
    secrets = SecretService(engine, settings)
    connections = Connections(secrets, demo, LocalModels(settings.home / "models"))
    return EndpointService(engine, settings, secrets, connections), secrets


@pytest.fixture
def services(engine, settings, demo):
    return started(engine, settings, demo)


@pytest.fixture
def endpoints(services):
    return services[0]


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def test_an_endpoint_is_asked_once_until_somebody_wants_to_know_better(services):
    endpoints, secrets = services
    with ScriptedServer(models=["a", "b"]) as server:
        endpoints.add("office", server.base_url, "ada")
        assert [model.name for model in endpoints.catalogue("office").models] == ["a", "b"]
        server.models = ["c"]
        assert endpoints.models("office") == ("a", "b")
        assert len(server.model_lists) == 1
        assert endpoints.catalogue("office", fresh=True).named("c") == ModelInfo(name="c")
        assert endpoints.models("office") == ("c",)
        endpoints.check("office")
        assert len(server.model_lists) == 3
        secrets.set("ANY", "value", "ada")
        endpoints.models("office")
        assert len(server.model_lists) == 4


def test_a_page_does_not_wait_for_a_server_that_never_answers(endpoints, gate):
    with ScriptedServer(listing=text("x").headers_held_by(gate)) as server:
        endpoint = endpoints.add("stuck", server.base_url, "ada").value
        began = time.monotonic()
        for _ in range(3):
            told = endpoints.catalogue_now(endpoint)
            known = endpoints.look()["stuck"]
            assert (told.is_asked, told.models, told.at, known.is_asked, known.value) == (True, (), None, True, None)
        assert time.monotonic() - began < 2
        assert endpoints.catalogue_now(endpoint, patience_s=LIMIT_S).problem == (
            "The server did not answer in full within 5 seconds."
        )
        gate.set()
    assert len(server.model_lists) == 1  # all who looked meanwhile had one question asked


def test_all_are_asked_at_once_and_waited_for_together(endpoints, gate):
    stuck = [ScriptedServer(listing=text("x").headers_held_by(gate)).start() for _ in range(4)]
    with ScriptedServer() as well:
        for number, server in enumerate(stuck):
            endpoints.add(f"stuck {number}", server.base_url, "ada")
        endpoints.add("well", well.base_url, "ada")
        began = time.monotonic()
        known = endpoints.look(patience_s=0.5)
        assert time.monotonic() - began < 3
        assert known["well"].value.ok
        assert [known[f"stuck {number}"].is_asked for number in range(4)] == [True] * 4
    gate.set()
    for server in stuck:
        server.stop()


def test_what_was_told_before_is_not_forgotten_when_a_server_goes_away(endpoints):
    with ScriptedServer(models=["a"]) as server:
        endpoint = endpoints.add("office", server.base_url, "ada").value
        before = endpoints.catalogue("office")
        server.listing = status(503, {"error": "down for repairs"})
        assert not endpoints.check("office").ok
        told = endpoints.catalogue_now(endpoint)
    assert (told.models, told.at) == (before.models, before.at)
    assert told.problem == "down for repairs (HTTP 503)"


def test_why_there_is_no_list(endpoints):
    endpoints.add("closed", "http://127.0.0.1:1/v1", "ada")
    endpoints.add("keyless", "http://127.0.0.1:1/v1", "ada", secret="UNSET")
    assert "Connection refused" in endpoints.catalogue("closed").problem
    assert endpoints.catalogue("keyless").problem == "The secret UNSET of keyless is not set."
    assert endpoints.catalogue("nobody").problem == "There is no endpoint named nobody."


@pytest.mark.parametrize(
    ("model", "listed", "words"),
    [
        ("a", {"id": "a", "supported_parameters": ["tools"]}, "1 model, supports tools."),
        ("a", {"id": "a", "supported_parameters": []}, "1 model, the default model cannot call tools."),
        ("a", {"id": "a"}, "1 model."),
        ("", {"id": "a", "supported_parameters": ["tools"]}, "1 model, supports tools."),
        ("b", {"id": "a"}, "1 model. The default model b is not among them."),
    ],
)
def test_what_a_check_tells_of_the_default_model(endpoints, model, listed, words):
    with ScriptedServer(listing=status(200, {"data": [listed]})) as server:
        endpoints.add("office", server.base_url, "ada", model=model)
        message = endpoints.check("office").message
    assert message.startswith("Answers in ")
    assert message.endswith(f" ms, {words}")


def test_a_key_of_all_secrets_that_is_broken_takes_no_screen_with_it(services, settings):
    endpoints, secrets = services
    secrets.set("OFFICE", "s3cret", "ada")
    endpoints.add("office", "http://127.0.0.1:1/v1", "ada", secret="OFFICE")
    (settings.home / secret_key.FILE_NAME).write_text("no key")
    known = endpoints.look(patience_s=LIMIT_S)["office"].value
    assert (known.ok, known.kind) == (False, "auth")
    assert "is not a key. Put the right file back" in known.message


def test_a_new_process_shows_the_old_list_while_it_asks(endpoints, engine, settings, demo, gate):
    with ScriptedServer(models=["a"]) as server:
        endpoint = endpoints.add("office", server.base_url, "ada", model="a").value
        old = endpoints.catalogue("office")
        server.listing = text("x").headers_held_by(gate)
        later, _ = started(engine, settings, demo)
        told = later.catalogue_now(endpoint)
        assert (told.models, told.at, told.is_asked) == (old.models, old.at, True)
        gate.set()


def test_a_list_that_cannot_be_kept_or_read_is_only_asked_for_again(endpoints, engine, settings, demo):
    settings.home.mkdir(exist_ok=True)
    (settings.home / "model_lists").write_text("a file where the folder should be")
    with ScriptedServer(models=["a"]) as server:
        endpoint = endpoints.add("office", server.base_url, "ada").value
        assert endpoints.models("office") == ("a",)
        (settings.home / "model_lists").unlink()
        endpoints.check("office")
        (kept,) = (settings.home / "model_lists").iterdir()
        kept.write_bytes(b"\xff not JSON")
        later, _ = started(engine, settings, demo)
        assert later.catalogue_now(endpoint).models == ()
        assert later.models("office") == ("a",)


def test_a_local_model_is_told_of_only_when_a_person_asked(endpoints, settings):
    (settings.home / "models").mkdir(parents=True)
    (settings.home / "models" / "broken.gguf").write_bytes(b"nope")
    assert "local" not in endpoints.look(patience_s=LIMIT_S)
    endpoints.check_now(endpoints.get("local"), LIMIT_S)
    assert endpoints.look()["local"].value.message == "broken.gguf is no GGUF file."
