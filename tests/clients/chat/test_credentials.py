"""A credential goes to the endpoint it belongs to, and nowhere else."""

import httpx2
import pytest

from core.clients.chat import client as client_module
from core.clients.chat import hub
from core.clients.chat.client import ChatClient
from core.clients.chat.proxies import is_loopback, proxy_for
from core.clients.chat.route import Route, route_to
from core.clients.chat.transport import SharedClient, Wire, sending
from core.domain.endpoint import Endpoint
from core.domain.model_call import ModelRequest
from core.errors import Fault, FaultError
from tests.support.scripted import ScriptedServer, status, text

MACHINE_TOKEN = "hf_machine_token_that_must_stay"
ROUTER = "https://router.huggingface.co/v1/chat/completions"


@pytest.fixture(autouse=True)
def machine_token(monkeypatch, tmp_path):
    """This machine is logged in to Hugging Face, in both ways."""
    monkeypatch.setenv("HF_TOKEN", MACHINE_TOKEN)
    saved = tmp_path / "token"
    saved.write_text(MACHINE_TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(saved))


class Rerouted(httpx2.AsyncBaseTransport):
    """A network in which every host name leads to one scripted server."""

    def __init__(self, server):
        self._server = server
        self._inner = httpx2.AsyncHTTPTransport()
        self.hosts = []

    async def handle_async_request(self, request):
        self.hosts.append(request.url.host)
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._server.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self):
        await self._inner.aclose()


async def _ask_router(server, key, model="org/model:groq", address=ROUTER):
    network = Rerouted(server)
    client = ChatClient(lambda _: key, lambda e: e.base_url, transport=network)
    endpoint = Endpoint(name="hf", kind="huggingface", base_url=address)
    reply = await client.ask(ModelRequest(endpoint=endpoint, model=model, body=b"{}"), lambda _: None)
    await client.close()
    return reply, network


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_without_a_key_no_credential_is_sent(ask, key):
    with ScriptedServer(text("a"), status(401, {"error": "who?"})) as server:
        assert (await ask(server, key=key)).fault is None
        assert (await ask(server, key=key)).fault.kind == "auth"
    for request in server.requests:
        assert "authorization" not in request.headers
        assert MACHINE_TOKEN.encode() not in request.head + request.body


async def test_a_key_goes_to_its_own_endpoint_only(ask):
    with ScriptedServer(text("a")) as first, ScriptedServer(text("a")) as second:
        await ask(first, key="sk-first")
        await ask(second, key="sk-second")
    assert first.requests[0].headers["authorization"] == "Bearer sk-first"
    assert second.requests[0].headers["authorization"] == "Bearer sk-second"
    assert MACHINE_TOKEN.encode() not in first.requests[0].head + second.requests[0].head


async def test_a_key_that_the_server_quotes_is_hidden(ask):
    with ScriptedServer(status(401, {"error": "Incorrect API key provided: sk-first."})) as server:
        reply = await ask(server, key="sk-first")
    assert reply.fault == Fault("auth", "Incorrect API key provided: [key].", 401)


async def test_a_password_in_the_address_is_sent_but_not_shown(ask):
    with ScriptedServer(text("a")) as server:
        reply = await ask(f"http://user:secret@127.0.0.1:{server.port}/v1")
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert "secret" not in reply.exchange.url


@pytest.mark.parametrize("key", ["sk-ü", "sk-a\nb", "sk…"])
async def test_a_key_that_cannot_be_sent_is_a_clear_fault(ask, key):
    with ScriptedServer() as server:
        fault = (await ask(server, key=key)).fault
    assert fault.kind == "auth"
    assert key not in fault.message


@pytest.mark.parametrize(
    "address", ["localhost:8000/v1", "router.huggingface.co", "ftp://x/v1", "", "http://", "http://[::1"]
)
async def test_an_address_that_is_none_never_becomes_a_model_of_the_router(ask, address):
    assert (await ask(address, key="hf_x")).fault.kind == "bad_request"


# The Hugging Face router


@pytest.mark.parametrize("address", [ROUTER, "", "https://router.huggingface.co", "https://router.huggingface.co/v1/"])
async def test_the_router_gets_the_token_and_the_recorded_body(address):
    with ScriptedServer(text("a").with_header("x-inference-provider", "groq")) as server:
        reply, network = await _ask_router(server, "hf_person", address=address)
    assert reply.fault is None
    assert reply.exchange.provider == "groq"
    assert reply.exchange.url == ROUTER
    assert network.hosts == ["router.huggingface.co"]
    assert server.requests[0].headers["authorization"] == "Bearer hf_person"
    assert server.requests[0].headers["user-agent"] == "aryabhatta"
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].body == b"{}"


@pytest.mark.parametrize("key", [None, "", "sk-of-somebody-else"])
async def test_without_a_hugging_face_token_the_router_is_not_asked(key):
    with ScriptedServer() as server:
        reply, network = await _ask_router(server, key)
    assert reply.fault.kind == "auth"
    assert "token" in reply.fault.message
    assert network.hosts == []


async def test_a_model_that_is_an_address_does_not_get_the_token():
    with ScriptedServer() as server:
        reply, network = await _ask_router(server, "hf_person", model="https://evil.example/v1")
    assert reply.fault.kind == "internal"
    assert network.hosts == []


async def test_another_host_for_hugging_face_is_spoken_to_directly():
    with ScriptedServer(text("a")) as server:
        reply, network = await _ask_router(server, "hf_person", address="https://gateway.example/hf/v1")
    assert reply.exchange.url == "https://gateway.example/hf/v1/chat/completions"
    assert network.hosts == ["gateway.example"]


# Exactly one request


async def test_a_second_request_in_one_answer_is_stopped():
    with ScriptedServer(text("a")) as server:
        route = route_to(Endpoint(name="e", kind="openai"), server.base_url, None)
        http = SharedClient()
        with sending(Wire(route, b"{}", http, 5.0, 5.0)):
            async with hub.hub_client(route) as client:
                await client.chat_completion([], model="m", stream=True)
                with pytest.raises(FaultError, match="second request"):
                    await client.chat_completion([], model="m", stream=True)
        await http.aclose()
    assert len(server.requests) == 1


async def test_the_hub_gets_an_ordinary_client_outside_of_our_requests():
    from huggingface_hub import get_async_session

    hub.load_hub()
    async with get_async_session() as client:
        assert type(client) is httpx2.AsyncClient
        assert client.follow_redirects


# Ways out of this machine


async def test_offline_mode_of_the_hub_does_not_forbid_local_servers(ask, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with ScriptedServer(text("a")) as server:
        assert (await ask(server)).fault is None


@pytest.fixture
def proxy(monkeypatch):
    for name in (
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer() as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
        yield server


async def test_a_proxy_is_used_for_other_hosts_and_never_for_this_machine(ask, proxy):
    proxy.plan(text("through the proxy"))
    with ScriptedServer(text("direct")) as server:
        assert (await ask(server, key="sk-local")).text == "direct"
        assert proxy.requests == []
        assert (await ask("http://model.example/v1")).text == "through the proxy"
    assert proxy.requests[0].path == "http://model.example/v1/chat/completions"
    assert b"sk-local" not in proxy.requests[0].head


def test_no_proxy_is_honoured(proxy, monkeypatch):
    assert proxy_for(httpx2.URL("http://model.example/v1")).endswith(str(proxy.port))
    monkeypatch.setenv("no_proxy", "model.example")
    assert proxy_for(httpx2.URL("http://model.example/v1")) is None
    assert proxy_for(httpx2.URL("https://model.example/v1")) is None


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("model.example", False),
    ],
)
def test_this_machine(host, is_local):
    assert is_loopback(host) is is_local


# What the client asks of its surroundings


async def test_the_address_is_asked_for_first_and_knows_the_model():
    asked = []

    def address(endpoint):
        asked.append(("address", endpoint.model))
        raise FaultError(Fault("not_found", "no such file"))

    def credential(endpoint):
        asked.append(("credential", endpoint.model))

    client = ChatClient(credential, address)
    endpoint = Endpoint(name="l", kind="local", model="default.gguf")
    reply = await client.ask(ModelRequest(endpoint=endpoint, model="other.gguf", body=b"{}"), lambda _: None)
    await client.close()
    assert reply.fault == Fault("not_found", "no such file")
    assert asked == [("address", "other.gguf")]


@pytest.mark.parametrize(
    ("base_url", "models"),
    [
        ("http://h", "http://h/v1/models"),
        ("http://h/", "http://h/v1/models"),
        ("http://h/v1", "http://h/v1/models"),
        ("http://h/v1/", "http://h/v1/models"),
        ("http://h/api", "http://h/api/v1/models"),
        ("http://h/v4/chat/completions", "http://h/v4/models"),
        ("http://h/v1?x=1", "http://h/v1/models?x=1"),
        (None, "https://router.huggingface.co/v1/models"),
    ],
)
def test_models_are_listed_where_completions_are_made(base_url, models):
    assert Route(base_url=base_url, key="", origin="").models_url == models


async def test_the_way_to_an_endpoint_is_asked_for_once_until_something_changes():
    asked, changes = [], [0]

    def credential(endpoint):
        asked.append(endpoint.name)
        return f"sk-{len(asked)}"

    with ScriptedServer(*[text("a")] * 3) as server:
        client = ChatClient(credential, lambda e: e.base_url, stamp=lambda: changes[0])
        endpoint = Endpoint(name="e", kind="openai", base_url=server.base_url)
        for _ in range(2):
            await client.ask(ModelRequest(endpoint=endpoint, model="m", body=b"{}"), lambda _: None)
        changes[0] += 1
        await client.ask(ModelRequest(endpoint=endpoint, model="m", body=b"{}"), lambda _: None)
        await client.close()
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer sk-1",
        "Bearer sk-1",
        "Bearer sk-2",
    ]


async def test_a_key_that_another_process_changed_counts_soon(monkeypatch):
    monkeypatch.setattr(client_module, "_ROUTE_S", -1.0)
    keys = iter(["sk-1", "sk-2"])
    with ScriptedServer(*[text("a")] * 2) as server:
        client = ChatClient(lambda _: next(keys), lambda e: e.base_url)
        endpoint = Endpoint(name="e", kind="openai", base_url=server.base_url)
        for _ in range(2):
            await client.ask(ModelRequest(endpoint=endpoint, model="m", body=b"{}"), lambda _: None)
        await client.close()
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer sk-1", "Bearer sk-2"]
