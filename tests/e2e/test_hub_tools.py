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
from tests.support.gradio_app import GradioServer, parameter
from tests.support.inference import PICTURE, answer_task
from tests.support.scripted import ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_hub_tools")]

LOADED = "(image) => image.complete && image.naturalWidth"


def set_up(page: Page, app: RunningApp, server: ScriptedServer, title: str, task: str) -> None:
    """From the catalogue to the form of a task that a server of one's own does."""
    visit(page, f"{app.url}/tools?new=hf")
    page.locator(f".st-key-choose_{task}").get_by_role("button").click()
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


def test_a_sound_is_played_where_it_was_made(app: RunningApp, page: Page):
    with ScriptedServer(respond=answer_task) as server:
        set_up(page, app, server, "Text to speech", "text-to-speech")
        page.get_by_role("textbox", name="text", exact=True).fill("Hello")
        page.get_by_role("button", name="Call it").click()
        player = page.locator(".files audio")
        expect(player).to_be_visible()
        page.wait_for_function("() => document.querySelector('.files audio').duration > 0.4")
        expect(player.locator("xpath=..")).to_contain_text(re.compile(r"speak-[0-9a-f]{6}\.wav"))
    discard(page)


def test_a_picture_is_given_to_a_task_that_looks_and_its_answer_is_a_table(app: RunningApp, page: Page):
    with ScriptedServer(respond=answer_task) as server:
        set_up(page, app, server, "Image classification", "image-classification")
        page.locator("input[type=file]").set_input_files(
            {"name": "cat.png", "mimeType": "image/png", "buffer": PICTURE}
        )
        expect(page.get_by_text("cat.png").first).to_be_visible()
        page.get_by_role("button", name="Call it").click()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        assert server.requests[0].body == PICTURE
    discard(page)


def discard(page: Page) -> None:
    page.get_by_role("button", name="Another").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_role("heading", name="New ")).to_be_visible()


def test_a_space_becomes_a_tool(app: RunningApp, page: Page):
    with GradioServer() as server:
        visit(page, f"{app.url}/tools?new=space")
        page.get_by_text("Private hosts and the secret sent along").click()
        typed(page, "Allow these hosts although they are private", server.place)
        typed(page, "Space, or address of a Gradio app", f"http://{server.place}")
        page.get_by_role("button", name="Look").click()
        page.locator("[class*='st-key-choose_space'][class*='flip']").get_by_role("button").click()
        expect(page.get_by_role("heading", name=f"/flip of {server.place}")).to_be_visible()
        page.locator("input[type=file]").set_input_files(
            {"name": "cat.png", "mimeType": "image/png", "buffer": PICTURE}
        )
        expect(page.get_by_text("cat.png").first).to_be_visible()
        page.get_by_role("button", name="Call it").click()
        expect(picture(page)).to_be_visible()
        assert PICTURE in server.app.uploads[0]
        page.get_by_role("button", name="Has it changed?").click()
        expect(shown(page, "It is as it was taken in.")).to_be_visible()
        server.app.info["named_endpoints"]["/flip"]["parameters"].append(
            parameter("angle", {"type": "number"}, default=180)
        )
        page.get_by_role("button", name="Has it changed?").click()
        expect(shown(page, "It has changed.")).to_be_visible()
        expect(page.get_by_text("angle", exact=True)).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="flip", exact=True)).to_be_visible()
