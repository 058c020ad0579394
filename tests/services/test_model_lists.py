"""What endpoints serve: asked seldom, and again at once when something changed."""

import httpx2
import pytest

from core.clients.chat import probe as probing
from core.clients.chat.probe import EndpointProbe
from core.clients.demo.server import DemoServer
from core.clients.local import LocalModels
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo, Provider
from core.errors import Fault
from core.services.connections import Connections
from core.services.endpoints import EndpointService
from core.services.model_lists import BAD_S, GOOD_S, ModelLists
from core.services.secrets import SecretService
from tests.support.scripted import ScriptedServer

ENDPOINT = Endpoint(name="e", kind="openai", base_url="http://h/v1", secret="KEY")
GOOD = EndpointProbe(ok=True, took_ms=1.0, models=("a",), catalogue=(ModelInfo(name="a"),))
BAD = EndpointProbe(ok=False, took_ms=1.0, fault=Fault("connection", "Nobody is there."))


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.mark.parametrize(("told", "good_for_s"), [(GOOD, GOOD_S), (BAD, BAD_S)])
def test_a_list_is_kept_for_a_while(told, good_for_s):
    clock = Clock()
    lists = ModelLists(lambda: 0, clock)
    assert lists.kept(ENDPOINT) is None
    kept = lists.keep(ENDPOINT, told)
    clock.now_s = good_for_s - 1
    assert lists.kept(ENDPOINT) == kept
    clock.now_s = good_for_s
    assert lists.kept(ENDPOINT) is None


def test_what_was_told_for_another_key_or_address_does_not_count():
    stamp = [0]
    lists = ModelLists(lambda: stamp[0])
    lists.keep(ENDPOINT, GOOD)
    assert lists.kept(Endpoint(name="e", kind="openai", base_url="http://other/v1", secret="KEY")) is None
    stamp[0] += 1
    assert lists.kept(ENDPOINT) is None


@pytest.fixture
def services(engine, settings):
    secrets, demo = SecretService(engine, settings), DemoServer(tokens_per_second=0)
    connections = Connections(secrets, demo, LocalModels(settings.home / "models"))
    yield EndpointService(engine, settings, secrets, connections), secrets
    demo.stop()


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
        assert endpoints.models("office") == ("c",)
        assert len(server.model_lists) == 3
        secrets.set("ANY", "value", "ada")
        endpoints.models("office")
        assert len(server.model_lists) == 4


def test_why_there_is_no_list(services):
    endpoints, _ = services
    endpoints.add("closed", "http://127.0.0.1:1/v1", "ada")
    endpoints.add("keyless", "http://127.0.0.1:1/v1", "ada", secret="UNSET")
    assert "Connection refused" in endpoints.catalogue("closed").problem
    assert endpoints.catalogue("keyless").problem == "The secret UNSET of keyless is not set."
    assert endpoints.catalogue("nobody").problem == "There is no endpoint named nobody."


@pytest.fixture
def router(services, monkeypatch):
    """The Hugging Face router, as far as its list goes."""
    endpoints, secrets = services
    asked = []

    def answer(request):
        asked.append(str(request.url))
        provider = {"provider": "able", "status": "live", "supports_tools": True}
        return httpx2.Response(200, json={"data": [{"id": "org/model", "providers": [provider]}, {"id": "org/bare"}]})

    monkeypatch.setattr(probing.httpx2, "HTTPTransport", lambda **_: httpx2.MockTransport(answer))
    secrets.set("TEAM", "hf_team", "ada")
    endpoint = endpoints.add("team", "https://router.huggingface.co/v1", "ada", secret="TEAM").value
    return endpoints, endpoint, asked


def test_who_serves_a_model_behind_the_router(router):
    endpoints, endpoint, asked = router
    assert endpoints.served_by(endpoint, "org/model") == Provider(name="able", supports_tools=True)
    assert endpoints.served_by(endpoint, "org/bare") is None
    assert endpoints.served_by(endpoint, "org/unheard-of") is None
    assert endpoints.served_by(endpoint, "org/model:other") is None
    assert endpoints.served_by(ENDPOINT, "org/model") is None
    assert asked == ["https://router.huggingface.co/v1/models"]  # once, and nobody's name was asked for
