"""The Hugging Face router: a run names who serves it, and tells when somebody else did."""

from contextlib import closing

import httpx2
import msgspec
import pytest

from core.bootstrap import build
from core.clients.chat import probe as probing
from core.clients.chat.client import ChatClient
from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.services.runs import StartRun
from tests.support.router import Router
from tests.support.workspace import rested

TOKEN = "hf_team"


@pytest.fixture
def router(monkeypatch):
    router = Router()
    monkeypatch.setattr(probing, "DirectTransport", lambda: httpx2.MockTransport(router))
    init = ChatClient.__init__

    def over_the_mock(client, *arguments, **named):
        init(client, *arguments, **{**named, "transport": httpx2.MockTransport(router)})

    monkeypatch.setattr(ChatClient, "__init__", over_the_mock)
    return router


@pytest.fixture
def app(settings, router):
    app = build(msgspec.structs.replace(settings, hugging_face_token=TOKEN), adopt=False)
    app.executor.start()
    yield app
    app.close()


def answered(app, **spec):
    started = app.runs.start(StartRun(input="hello", spec=AgentSpec(endpoint="huggingface", **spec), kind="cli"))
    assert isinstance(started, Ok), started
    return rested(app, started.value.id)


def test_a_run_is_pinned_to_one_provider_and_the_list_is_asked_once(app, router):
    for _ in range(2):
        view = answered(app, model="org/model")
        assert (view.state.spec.provider, view.state.spec.notes) == ("able", ())
        assert view.state.steps[0].model.decision.exchange.provider == "able"
        assert view.state.steps[0].model.decision.notes == ()
    assert router.models == ["org/model:able"] * 2
    assert router.asked.count("https://router.huggingface.co/v1/models") == 1


def test_an_answer_from_elsewhere_is_told_once_and_replays_the_same(app, router):
    router.answers_as = "stranger"
    view = answered(app, model="org/model")
    told = "able was asked, and stranger answered."
    assert view.state.steps[0].model.decision.notes == (told,)
    assert app.proofs.replay(view.run.id).value.identical


def test_whom_a_person_wants_is_asked_and_nobody_lists(app, router):
    assert answered(app, model="org/model", provider="other").state.spec.notes == ()
    assert answered(app, model="org/model:third").state.spec.provider == ""
    assert router.models == ["org/model:other", "org/model:third"]
    assert not [url for url in router.asked if url.endswith("/models")]


def test_where_nobody_can_be_pinned_the_run_says_so(app, router):
    view = answered(app, model="org/bare")
    assert view.state.spec.provider == ""
    assert view.state.spec.notes == (
        "Anybody may serve this run, whom the router chooses. It lists nobody who serves org/bare now.",
    )
    assert router.models == ["org/bare"]


def test_a_later_process_pins_by_the_list_that_an_older_one_was_told(app, router):
    answered(app, model="org/model")
    asked = len(router.asked)
    with closing(build(app.settings, adopt=False)) as later:
        later.executor.start()
        assert answered(later, model="org/model").state.spec.provider == "able"
        assert len(router.asked) == asked + 1  # the answer itself
        router.listed.append({"id": "org/new", "providers": [{"provider": "first"}]})
        assert answered(later, model="org/new").state.spec.provider == "first"
