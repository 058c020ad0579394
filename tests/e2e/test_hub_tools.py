"""Hugging Face tasks as tools, the whole way: chosen, set up, tried, kept, given to an agent, used in a chat."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import answer, idle, said, say, shown, visit
from tests.support.answers import calls, text
from tests.support.inference import answer_task
from tests.support.scripted import ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_hub_tools")]

LOADED = "(image) => image.complete && image.naturalWidth"


def set_up(page: Page, app: RunningApp, server: ScriptedServer, title: str, task: str) -> None:
    """From the catalogue to the form of a task that a server of one's own does."""
    visit(page, f"{app.url}/tools?new=hf")
    card = page.locator("[data-testid=stVerticalBlock]").filter(has_text=re.compile(rf"^\S* ?{title}")).last
    card.get_by_role("button", name="Choose").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.get_by_text("Your own server, and what it is sent").click()
    typed(page, "Address of your own server", f"http://127.0.0.1:{server.port}/{task}")
    typed(page, "Allow these hosts although they are private", f"127.0.0.1:{server.port}")


def typed(page: Page, label: str, value: str) -> None:
    field = page.get_by_role("textbox", name=label)
    field.fill(value)
    field.press("Enter")
    idle(page)


def picture(within: Page | Locator) -> Locator:
    return within.locator(".files img").last


def test_a_picture_is_drawn_and_is_there_after_a_reload(app: RunningApp, page: Page, model: ScriptedServer):
    with ScriptedServer(respond=answer_task) as server:
        set_up(page, app, server, "Text to image", "text-to-image")
        page.get_by_role("textbox", name="prompt").fill("A red barn")
        page.get_by_role("button", name="Call it").click()
        expect(picture(page)).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="draw_picture")).to_be_visible()
        with app.inside() as core:
            spec = AgentSpec(endpoint="scripted", tools=(ToolChoice("draw_picture"),))
            made = core.agents.create("Painter", spec, "ada")
            assert isinstance(made, Ok)
        model.plan(calls(("draw_picture", '{"prompt": "a red barn"}')), text("Here it is."))
        visit(page, f"{app.url}/chat?agent={made.value.id}")
        say(page, "Draw a barn.")
        expect(said(page)).to_have_text("Here it is.")
        expect(picture(answer(page))).to_be_visible()
        page.reload()
        expect(picture(answer(page))).to_be_visible()
        assert picture(answer(page)).evaluate(LOADED) == 640
        assert [request.json["inputs"] for request in server.requests] == ["A red barn", "a red barn"]
        told = model.requests[1].json["messages"][-1]["content"]
        assert re.search(r"Made a picture: draw_picture-[0-9a-f]{6}\.png \(image/png, 640 × 400 pixels", told)
    page.get_by_role("link", name="Open the run").first.click()
    expect(picture(page)).to_be_visible()
    expect(shown(page, "Journal")).to_be_visible()
