"""Endpoints on the screens: asked in the background, told when they answer, chosen from what they serve."""

import threading
import time

import httpx2
import msgspec
import pytest

from core.bootstrap import App
from core.clients.chat import probe as probing
from core.domain.agent import Agent, AgentSpec
from core.domain.compatibility import SETTINGS
from core.domain.endpoint import Compatibility, EndpointLimits
from pages.components.editor.model_choice import put_model
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import shown
from tests.pages.test_editor import draft_of, editor, widget
from tests.support.router import Router
from tests.support.scripted import ScriptedServer, status, text

BOUND_S = 3.0
"""Far more than a page takes, far less than any limit for a server's silence."""
LISTED = {
    "data": [
        {"id": "big", "context_length": 131072, "pricing": {"prompt": "0.0000002", "completion": "0.0000006"}},
        {"id": "small", "supported_parameters": ["temperature"]},
        {"id": "handy", "supported_parameters": ["tools"], "max_model_len": 8192},
    ]
}


@pytest.fixture
def stalling():
    """A server that accepts connections and never answers."""
    gate = threading.Event()
    with ScriptedServer(listing=text("x").headers_held_by(gate)) as server:
        yield server
        gate.set()


@pytest.fixture
def office(app: App):
    with ScriptedServer(listing=status(200, LISTED)) as server:
        app.endpoints.add("office", server.base_url, "", model="handy")
        yield server


def known(app: App, name: str):
    """What is known of an endpoint once it has answered or its time is up."""
    return app.endpoints.look(patience_s=LONGEST_S)[name]


@pytest.mark.parametrize(
    ("screen", "params"),
    [("home", {}), ("settings", {}), ("settings", {"section": "Health"}), ("agents", {}), ("chat", {})],
)
def test_no_screen_waits_for_a_server_that_never_answers(app: App, open_page: Open, stalling, screen, params):
    open_page("prompts")  # what a first page of a process costs is not the server's fault
    app.endpoints.add("stuck", stalling.base_url, "")
    began = time.monotonic()
    open_page(screen, **params)
    assert time.monotonic() - began < 2 * BOUND_S  # two drawings: the page is opened, then given its address


def test_the_model_tab_does_not_wait_either(app: App, open_page: Open, clerk: Agent, stalling):
    app.endpoints.add("stuck", stalling.base_url, "")
    page = editor(open_page, clerk)
    began = time.monotonic()
    page.session_state[f"tabs_{clerk.id.hex}"] = "Model"
    page.run()
    assert time.monotonic() - began < BOUND_S
    assert "Asking stuck for its models" in shown(page)
    assert widget(page, "selectbox", "model").options == []
    assert len(stalling.model_lists) == 1


def test_it_says_checking_and_then_what_came_of_it(app: App, open_page: Open, stalling):
    app.endpoints.add("stuck", stalling.base_url, "")
    assert "Checking" in shown(open_page("home"))
    assert "Checking" in shown(open_page("settings"))
    known(app, "stuck")
    words = "The server did not answer in full within 5 seconds."
    page = open_page("settings")
    assert words in shown(page).replace("\\", "")
    assert "Checking" not in shown(page)
    assert words in shown(open_page("home")).replace("\\", "")


def test_settings_tell_of_each_endpoint_what_it_is_and_how_it_does(app: App, open_page: Open, office):
    app.endpoints.update("office", "", limits=EndpointLimits(silence_s=30, concurrency=4, requests_per_minute=60))
    app.endpoints.update("office", "", compatibility=Compatibility(token_field="max_completion_tokens"))
    known(app, "office")
    told = shown(open_page("settings")).replace("\\", "")
    assert "3 models, supports tools." in told
    assert "Default model handy · silent for 30 s at most · 4 requests at the same time · 60 requests a minute" in told
    assert "token_field=max_completion_tokens" in told
    assert f"No key is sent to http://127.0.0.1:{office.port}." in told


def test_a_check_asks_again(app: App, open_page: Open, office):
    known(app, "office")
    page = open_page("settings")
    asked = len(office.model_lists)
    office.listing = status(401, {"error": {"message": "no more"}})
    page.button(key="check_office").click().run()
    known(app, "office")
    assert len(office.model_lists) == asked + 1
    assert "no more (HTTP 401)" in shown(page.run()).replace("\\", "")


def test_models_are_searched_and_compared(app: App, open_page: Open, office):
    page = open_page("settings")
    page.session_state["models_office"] = True
    page.run()
    table = page.dataframe[0].value
    assert table["model"].tolist() == ["big", "small", "handy"]
    assert table["context"].tolist()[0] == 131072
    page.text_input(key="search_office").set_value("AND").run()
    assert page.dataframe[0].value["model"].tolist() == ["handy"]
    page.text_input(key="search_office").set_value("nothing").run()
    assert "No model has these words" in shown(page)


def test_each_setting_of_an_endpoint_comes_with_a_sentence_of_help(app: App, open_page: Open, office):
    app.endpoints.update("office", "", secret="NOT_SET_YET", limits=EndpointLimits(silence_s=12.5))
    page = open_page("settings")
    page.button(key="edit_office").click().run()
    fields = {one.label: one.value for one in (*page.number_input, *page.selectbox, *page.toggle)}
    assert fields["Longest silence, in seconds"] == 12.5
    assert fields["Secret with its key"] == "NOT_SET_YET"
    captions = [one.value for one in page.caption]
    for setting in SETTINGS:
        assert setting.title in fields
        assert setting.help in captions


def test_the_model_is_chosen_with_what_is_told_of_it(app: App, open_page: Open, clerk: Agent, office):
    known(app, "office")
    page = editor(open_page, clerk, "Model")
    picker = widget(page, "selectbox", "model")
    assert picker.options == ["big · 131k · $0.20 / $0.60", "small · no tools", "handy · 8k · tools"]
    assert "8,192 tokens of context · calls tools" in shown(page)
    picker.set_value("small").run()
    assert draft_of(app, clerk).model == "small"
    assert "cannot call tools, and the agent has some" in shown(page)


def test_a_name_that_was_typed_stays_though_nobody_lists_it(app: App, open_page: Open, clerk: Agent, office):
    known(app, "office")
    app.agents.save_draft(clerk.id, put_model(app.agents.live_spec(clerk), "typed/model"), "")
    page = editor(open_page, clerk, "Model")
    picker = widget(page, "selectbox", "model")
    assert (picker.value, picker.options[0], len(picker.options)) == ("typed/model", "typed/model", 4)
    assert "does not list typed/model" in shown(page)


def test_another_model_has_other_providers():
    spec = AgentSpec(model="a", provider="able")
    assert put_model(spec, "a") == spec
    assert put_model(spec, "b") == AgentSpec(model="b")


@pytest.fixture
def router(app: App, monkeypatch):
    router = Router()
    router.listed[0]["providers"].append(
        {"provider": "plain", "status": "live", "pricing": {"input": 0.1, "output": 1}}
    )
    monkeypatch.setattr(probing, "DirectTransport", lambda: httpx2.MockTransport(router))
    app.secrets.set("TEAM", "hf_team", "")
    app.endpoints.add("team", "https://router.huggingface.co/v1", "", secret="TEAM", model="org/model")
    return router


def test_a_provider_is_pinned_unless_a_person_chooses_one(app: App, open_page: Open, clerk: Agent, router):
    known(app, "team")
    page = editor(open_page, clerk, "Model")
    providers = widget(page, "selectbox", "provider_org/model")
    assert (providers.value, providers.proto.placeholder) == (None, "pinned: able")
    assert providers.options == ["able · tools", "plain · $0.10 / $1.00"]
    providers.set_value("plain").run()
    assert draft_of(app, clerk).provider == "plain"
    widget(page, "selectbox", "model").set_value("org/bare").run()
    assert (draft_of(app, clerk).model, draft_of(app, clerk).provider) == ("org/bare", "")
    assert widget(page, "selectbox", "provider_org/bare").proto.placeholder.startswith("whoever the router chooses")


def test_thousands_of_models_are_no_burden(app: App, open_page: Open, clerk: Agent):
    models = [{"id": f"vendor-{number % 70}/model-{number}", "context_length": number} for number in range(5_000)]
    with ScriptedServer(listing=status(200, {"data": models})) as server:
        app.endpoints.add("mall", server.base_url, "", model="vendor-7/model-7")
        known(app, "mall")
    page = editor(open_page, clerk, "Model")
    began = time.monotonic()
    page.session_state[f"compare-{clerk.id.hex}-0"] = True
    page.run()
    assert time.monotonic() - began < BOUND_S
    assert len(widget(page, "selectbox", "model").options) == len(page.dataframe[0].value) == 5_000
    widget(page, "text_input", "search_all").set_value("vendor-7/ 4907").run()
    assert page.dataframe[0].value["model"].tolist() == ["vendor-7/model-4907"]


def test_an_agent_whose_endpoint_is_gone_can_be_given_another(app: App, open_page: Open, clerk: Agent):
    app.agents.save_draft(clerk.id, msgspec.structs.replace(app.agents.live_spec(clerk), endpoint="gone"), "")
    page = editor(open_page, clerk, "Model")
    assert "Choose another one for this agent" in shown(page)
    widget(page, "selectbox", "endpoint").set_value("").run()
    assert draft_of(app, clerk) is None
