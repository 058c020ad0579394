"""Who serves a model behind the router: one is pinned, and another who answers is told of."""

import msgspec
import pytest

from core.domain.endpoint import Endpoint
from core.domain.model_info import FREE, ModelInfo, ModelList, Price, Provider
from core.domain.run import RunSpec
from core.domain.serving import Pin, asked_provider, is_router, pinned, price_of, served_elsewhere

ROUTER = Endpoint(name="hf", kind="huggingface", base_url="https://router.huggingface.co/v1")
LISTED = ModelList(
    models=(
        ModelInfo(
            name="org/model",
            providers=(
                Provider(name="away", is_live=False, supports_tools=True),
                Provider(name="plain", supports_tools=False),
                Provider(name="able", supports_tools=True),
                Provider(name="other", supports_tools=True),
            ),
        ),
        ModelInfo(name="org/dead", providers=(Provider(name="away", is_live=False),)),
    )
)


def at(path):
    return msgspec.structs.replace(ROUTER, base_url=f"https://router.huggingface.co{path}")


def refuse():
    raise AssertionError("nobody needs the list")


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_at_the_routers_own_addresses_the_first_able_and_live_one_is_pinned(path):
    assert pinned(at(path), "org/model", "", lambda: LISTED) == Pin("able")


@pytest.mark.parametrize("endpoint", [at("/together/v1"), Endpoint(name="e", kind="openai", base_url="http://h/v1")])
def test_elsewhere_nobody_is_named(endpoint):
    assert not is_router(endpoint)
    assert pinned(endpoint, "org/model", "wanted", refuse) == Pin("")
    assert asked_provider(RunSpec(endpoint=endpoint, model="llama3:8b")) == ""


def test_whom_a_person_wants_is_not_asked_for():
    assert pinned(ROUTER, "org/model", "other", refuse) == Pin("other")
    assert pinned(ROUTER, "org/model:other", "", refuse) == Pin("")


def test_a_choice_that_is_left_to_the_router_is_told():
    note = "Anybody may serve this run: the router chooses who is cheapest."
    assert pinned(ROUTER, "org/model", "cheapest", refuse) == Pin("cheapest", note)
    assert pinned(ROUTER, "org/model:cheapest", "", refuse) == Pin("", note)


@pytest.mark.parametrize(
    ("model", "listed", "why"),
    [
        ("org/dead", LISTED, "It lists nobody who serves org/dead now."),
        ("org/new", LISTED, "It does not list org/new."),
        ("org/model", ModelList(problem="Down (HTTP 503)"), "Its list of models is not there: Down (HTTP 503)"),
        ("org/model", ModelList(is_asked=True), "Its list of models is not there: it did not answer in time."),
    ],
)
def test_where_nobody_can_be_pinned_it_says_why(model, listed, why):
    expected = f"Anybody may serve this run, whom the router chooses. {why}"
    assert pinned(ROUTER, model, "", lambda: listed) == Pin("", expected)


@pytest.mark.parametrize(
    ("model", "provider", "answered", "told"),
    [
        ("m", "able", "other", "able was asked, and other answered."),
        ("m:able", "", "other", "able was asked, and other answered."),
        ("m", "fireworks-ai", "Fireworks_AI", ""),
        ("m", "able", "", ""),
        ("m", "", "other", ""),
        ("m", "fastest", "other", ""),
    ],
)
def test_another_who_answers_is_told(model, provider, answered, told):
    assert served_elsewhere(RunSpec(endpoint=ROUTER, model=model, provider=provider), answered) == told


PRICED = ModelInfo(
    name="org/model",
    providers=(
        Provider(name="cheap", price=Price(1.0, 2.0)),
        Provider(name="dear", price=Price(3.0, 1.0)),
        Provider(name="away", is_live=False, price=Price(99.0, 99.0)),
    ),
)
PLAIN = Endpoint(name="own", kind="openai", base_url="http://127.0.0.1:11434/v1")


@pytest.mark.parametrize(
    ("spec", "info", "price"),
    [
        (RunSpec(endpoint=ROUTER, model="org/model", provider="cheap"), PRICED, Price(1.0, 2.0)),
        (RunSpec(endpoint=ROUTER, model="org/model:dear"), PRICED, Price(3.0, 1.0)),
        (RunSpec(endpoint=ROUTER, model="org/model:fastest"), PRICED, Price(3.0, 2.0)),
        (RunSpec(endpoint=ROUTER, model="org/model"), PRICED, Price(3.0, 2.0)),
        (RunSpec(endpoint=ROUTER, model="org/model", provider="nobody"), PRICED, None),
        (RunSpec(endpoint=ROUTER, model="org/model"), ModelInfo(name="m", providers=(Provider(name="mute"),)), None),
        (RunSpec(endpoint=PLAIN, model="llama3:8b"), ModelInfo(name="llama3:8b", price=Price(1.0, 1.0)), Price(1, 1)),
        (RunSpec(endpoint=PLAIN, model="llama3:8b"), None, None),
        (RunSpec(endpoint=Endpoint(name="demo", kind="demo", base_url=""), model="demo"), None, FREE),
    ],
)
def test_at_most_what_who_may_serve_it_takes(spec, info, price):
    assert price_of(spec, info) == price
