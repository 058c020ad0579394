"""A server asks a person in the middle of a call: a form on the call's card, in every tab, and on Home."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import go_to, said, say, tool_card, visit
from tests.support.mcp_servers import asking
from tests.support.scripted import ScriptedServer, calls, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_questions")]


@pytest.fixture(scope="module")
def shop(app: RunningApp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agent that orders where a person is asked for the details."""
    folder = tmp_path_factory.mktemp("shop")
    with app.inside() as core:
        look = core.tool_sources.look(asking(folder))
        assert isinstance(look, Ok), look
        core.tool_sources.add("shop", look.value, "")
        spec = AgentSpec(tools=(ToolChoice("shop_order"), ToolChoice("shop_visit")))
        assert isinstance(core.agents.create("Barista", spec, ""), Ok)
    return folder


def chat(app: RunningApp, page: Page, message: str) -> None:
    with app.inside() as core:
        found = core.agents.by_name("Barista")
    assert found is not None
    visit(page, f"{app.url}/chat?agent={found.id}")
    say(page, message, "Barista")


def choose(card: Locator, label: str, option: str) -> None:
    card.get_by_role("combobox", name=label).click()
    card.page.get_by_role("option", name=option, exact=True).click()


def test_a_form_in_the_chat_survives_a_reload_and_its_answer_goes_to_the_call(
    app: RunningApp, page: Page, model: ScriptedServer, shop: Path
):
    model.plan(calls(("shop_order", '{"what": "tea"}')), text("Your tea is on its way."))
    chat(app, page, "A tea, please.")
    card = tool_card(page, "waiting")
    expect(card).to_contain_text("How do you want the tea?")
    expect(card).to_contain_text("Waiting for you")

    page.reload()
    expect(card.get_by_label("Cups")).to_have_value("1")
    card.get_by_label("Name on the cup").fill("Ann")
    card.get_by_role("button", name="Send the answer").click()
    expect(card.get_by_text(re.compile("The answer must have .size."))).to_be_visible()

    choose(card, "Size", "large")
    expect(card.get_by_label("Name on the cup")).to_have_value("Ann")
    card.get_by_role("button", name="Send the answer").click()
    expect(said(page)).to_have_text("Your tea is on its way.")
    assert (shop / "orders").read_text() == "1 large tea for Ann\n"


def test_it_stands_on_home_and_is_declined_there(app: RunningApp, page: Page, model: ScriptedServer, shop: Path):
    before = (shop / "orders").read_text() if (shop / "orders").exists() else ""
    model.plan(calls(("shop_order", '{"what": "cake"}')), text("Then no cake."))
    chat(app, page, "A cake.")
    expect(tool_card(page, "waiting")).to_contain_text("How do you want the cake?")
    address = page.url

    go_to(page, "Home")
    expect(page.get_by_text("1 thing needs you.")).to_be_visible()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    visit(page, address)
    expect(said(page)).to_have_text("Then no cake.")
    assert ((shop / "orders").read_text() if (shop / "orders").exists() else "") == before


def test_an_address_is_shown_whole_and_opened_by_nobody_but_a_person(
    app: RunningApp, page: Page, model: ScriptedServer, shop: Path
):
    reached: list[str] = []
    page.context.route("https://shop.example.org/**", lambda route: (reached.append(route.request.url), route.abort()))
    model.plan(calls(("shop_visit", "{}")), text("You are signed in."))
    chat(app, page, "What is in my basket?")
    card = tool_card(page, "waiting")
    expect(card).to_contain_text("https://shop.example.org/in?x=1")
    link = card.get_by_role("link", name="Open shop.example.org")
    expect(link).to_have_attribute("href", "https://shop.example.org/in?x=1")
    assert reached == []
    card.get_by_role("button", name="I have been there: go on").click()
    expect(said(page)).to_have_text("You are signed in.")
    assert reached == []
