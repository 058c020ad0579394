import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from core.clients.demo.server import DemoServer
from core.clients.local import LocalModels
from core.domain.endpoint import Compatibility
from core.domain.result import Ok
from core.errors import ConfigurationError, FaultError
from core.services.connections import Connections
from core.services.endpoints import DEFAULT_ROUTER_MODEL, EndpointService
from core.services.secrets import HUGGING_FACE_TOKEN, SecretService
from tests.support.scripted import ScriptedServer

TOKEN = "hf_secretvalue"


class Workspace:
    """The service with everything real around it, for settings that a test changes."""

    def __init__(self, engine, settings):
        self.secrets = SecretService(engine, settings)
        self.demo = DemoServer(tokens_per_second=0)
        self.connections = Connections(self.secrets, self.demo, LocalModels(settings.home / "models"))
        self.endpoints = EndpointService(engine, settings, self.secrets, self.connections)


@pytest.fixture
def open_workspace(engine, settings):
    opened = []

    def open_it(**changed):
        opened.append(Workspace(engine, msgspec.structs.replace(settings, **changed)))
        return opened[-1]

    yield open_it
    for workspace in opened:
        workspace.demo.stop()


@pytest.fixture
def workspace(open_workspace):
    return open_workspace()


@pytest.fixture
def endpoints(workspace):
    return workspace.endpoints


def put_model_file(settings, name="tiny.gguf"):
    (settings.home / "models").mkdir(parents=True, exist_ok=True)
    (settings.home / "models" / name).write_bytes(b"GGUF")


def names(endpoints):
    return [endpoint.name for endpoint in endpoints.list()]


def test_with_nothing_set_up_the_demo_answers_and_says_what_it_is(endpoints):
    choice = endpoints.choose()
    assert (choice.endpoint.kind, choice.endpoint.model) == ("demo", "demo")
    assert choice.why == "Scripted demo, not AI. No model is set up yet."
    assert "Hugging Face token" in choice.better
    assert names(endpoints) == ["demo"]


def test_the_order_of_choice(open_workspace, settings):
    put_model_file(settings)
    plain = open_workspace().endpoints
    assert (plain.choose().endpoint.name, plain.choose().endpoint.model) == ("local", "tiny.gguf")
    plain.add("office", "http://10.0.0.5/v1", "ada")
    plain.add("attic", "http://10.0.0.6/v1", "ada")
    assert plain.choose().endpoint.name == "office"
    assert plain.choose().why == "It is the first endpoint that was added."
    with_token = open_workspace(hugging_face_token=TOKEN).endpoints
    assert names(with_token) == ["huggingface", "office", "attic", "local", "demo"]
    assert (with_token.choose().endpoint.name, with_token.choose().why) == (
        "huggingface",
        "A Hugging Face token is set.",
    )
    with_token.set_default("attic", "ada")
    assert (with_token.choose().endpoint.name, with_token.choose().why) == ("attic", "It was chosen in Settings.")
    with_token.set_default("", "ada")
    assert with_token.choose().endpoint.name == "huggingface"


def test_a_default_that_is_gone_is_said(endpoints, workspace):
    workspace.secrets.set(HUGGING_FACE_TOKEN, TOKEN, "ada")
    endpoints.set_default("huggingface", "ada")
    workspace.secrets.delete(HUGGING_FACE_TOKEN)
    assert endpoints.choose().why == (
        "Scripted demo, not AI. huggingface, chosen in Settings, is not there now. No model is set up yet."
    )
    assert endpoints.set_default("nobody", "ada").kind == "not_found"


def test_an_agents_own_endpoint(endpoints):
    endpoints.add("office", "http://10.0.0.5/v1", "ada")
    assert endpoints.choose("office").why == "The agent names it."
    assert endpoints.choose("demo").why == "Scripted demo, not AI. The agent names it."
    lost = endpoints.choose("gone")
    assert lost.endpoint.name == "gone"
    assert lost.why == "There is no endpoint named gone."


def test_a_token_brings_the_router(open_workspace, workspace):
    workspace.secrets.set(HUGGING_FACE_TOKEN, TOKEN, "ada")
    found = workspace.endpoints.get("huggingface")
    assert (found.kind, found.secret, found.model) == ("huggingface", HUGGING_FACE_TOKEN, DEFAULT_ROUTER_MODEL)
    assert workspace.connections.key(found) == TOKEN
    assert workspace.connections.credential(found) == (
        "The Hugging Face token (kept under Secrets) goes to https://router.huggingface.co."
    )
    given = open_workspace(hugging_face_token="hf_env")
    assert given.connections.key(found) == "hf_env"
    assert "from the environment" in given.connections.credential(found)


def test_another_host_in_hf_api_url_is_an_endpoint_named_by_its_host(open_workspace):
    opened = open_workspace(hf_api_url="http://tgi.example:8080/v1/chat/completions")
    choice = opened.endpoints.choose()
    assert (choice.endpoint.name, choice.endpoint.kind, choice.endpoint.secret) == ("tgi.example:8080", "openai", "")
    assert choice.why == "HF_API_URL names it."
    with_token = open_workspace(hf_api_url="http://tgi.example/v1", hugging_face_token=TOKEN)
    assert with_token.endpoints.choose().endpoint.secret == HUGGING_FACE_TOKEN
    with pytest.raises(ConfigurationError, match="HF_API_URL cannot be used"):
        open_workspace(hf_api_url="http://user:pass@tgi.example/v1")


def test_add_change_and_delete(endpoints):
    added = endpoints.add(" office ", " http://10.0.0.5/v1 ", "ada", secret="OFFICE", model="qwen").value
    assert (added.name, added.kind, added.base_url, added.secret) == (
        "office",
        "openai",
        "http://10.0.0.5/v1",
        "OFFICE",
    )
    changed = endpoints.update("office", "bob", model="llama", compatibility=Compatibility(stream=False)).value
    assert (changed.model, changed.compatibility.stream, changed.base_url) == ("llama", False, "http://10.0.0.5/v1")
    endpoints.set_default("office", "ada")
    assert endpoints.delete("office") == Ok("office")
    assert endpoints.choose().why == "Scripted demo, not AI. No model is set up yet."
    assert endpoints.delete("office").kind == "not_found"
    assert endpoints.update("office", "ada", model="x").kind == "not_found"


@pytest.mark.parametrize(
    ("name", "url", "kind", "field"),
    [
        ("", "http://h/v1", "invalid", "name"),
        ("x" * 101, "http://h/v1", "invalid", "name"),
        ("demo", "http://h/v1", "conflict", "name"),
        ("local", "http://h/v1", "conflict", "name"),
        ("huggingface", "http://h/v1", "conflict", "name"),
        ("a", "http://user:key@h/v1", "invalid", "base_url"),
        ("a", "h:80", "invalid", "base_url"),
    ],
)
def test_refusals(endpoints, name, url, kind, field):
    refused = endpoints.add(name, url, "ada")
    assert (refused.kind, refused.field) == (kind, field)


def test_a_row_at_the_router_is_spoken_to_as_the_router(endpoints):
    added = endpoints.add("team", "https://router.huggingface.co/v1", "ada", secret="TEAM").value
    assert added.kind == endpoints.get("team").kind == "huggingface"


def test_of_a_built_in_endpoint_the_model_is_a_choice(open_workspace):
    endpoints = open_workspace(hugging_face_token=TOKEN).endpoints
    changed = endpoints.update("huggingface", "ada", model="meta/llama").value
    assert changed.model == "meta/llama"
    endpoints.update("huggingface", "ada", compatibility=Compatibility(reasoning_back=True))
    assert endpoints.get("huggingface").model == "meta/llama"
    assert endpoints.get("huggingface").compatibility.reasoning_back
    assert endpoints.update("huggingface", "ada", base_url="http://h/v1").kind == "refused"
    assert endpoints.update("demo", "ada", model="x").kind == "refused"
    assert endpoints.update("local", "ada", model="x").kind == "not_found"
    assert endpoints.delete("huggingface").kind == "refused"


def test_a_check_tells_models_time_address_and_credential(endpoints, workspace):
    workspace.secrets.set("OFFICE", "s3cret", "ada")
    with ScriptedServer(models=["a", "b"]) as server:
        endpoints.add("office", server.base_url, "ada", secret="OFFICE", model="c")
        found = endpoints.check("office")
        assert server.model_lists[0].headers["authorization"] == "Bearer s3cret"
    assert found.ok
    assert found.models == ("a", "b")
    assert re.fullmatch(r"Answers in \d+ ms, 2 models\. The default model c is not among them\.", found.message)
    assert found.url == f"{server.base_url}/chat/completions"
    assert found.credential == f"The secret OFFICE goes to http://127.0.0.1:{server.port}."
    assert "s3cret" not in repr(found)
    assert found.took_ms > 0


def test_models(endpoints, settings):
    put_model_file(settings, "b.gguf")
    put_model_file(settings, "a.gguf")
    assert endpoints.models("local") == ("a.gguf", "b.gguf")
    assert endpoints.models("demo") == ("demo",)
    assert endpoints.models("nobody") == ()


def test_the_demo_is_checked_like_any_other(endpoints):
    found = endpoints.check("demo")
    assert (found.ok, found.models) == (True, ("demo",))
    assert "No key is sent" in found.credential


def test_what_goes_wrong_is_said(endpoints, settings):
    assert endpoints.check("nobody").message == "There is no endpoint named nobody."
    endpoints.add("closed", "http://127.0.0.1:1/v1", "ada")
    assert not endpoints.check("closed").ok
    endpoints.add("keyless", "http://127.0.0.1:1/v1", "ada", secret="UNSET")
    assert endpoints.check("keyless").message == "The secret UNSET of keyless is not set."
    put_model_file(settings, "broken.gguf")
    (settings.home / "models" / "broken.gguf").write_bytes(b"nope")
    assert endpoints.check("local").message == "broken.gguf is no GGUF file."


@contextmanager
def answering(code):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(code)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("code", "ok", "words"), [(404, True, "lists no models"), (401, False, "HTTP 401")])
def test_a_server_without_a_list_of_models_may_still_serve_one(endpoints, code, ok, words):
    with answering(code) as url:
        endpoints.add("plain", url, "ada")
        found = endpoints.check("plain")
    assert found.ok is ok
    assert words in found.message


def test_no_key_without_a_secret(endpoints, workspace):
    endpoint = endpoints.add("open", "http://10.0.0.5:8000/v1", "ada").value
    assert workspace.connections.key(endpoint) is None
    assert workspace.connections.credential(endpoint) == "No key is sent to http://10.0.0.5:8000."
    assert workspace.connections.address(endpoint) == "http://10.0.0.5:8000/v1"
    missing = msgspec.structs.replace(endpoint, secret="GONE")
    with pytest.raises(FaultError, match="The secret GONE of open is not set"):
        workspace.connections.key(missing)
