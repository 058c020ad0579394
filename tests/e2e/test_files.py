"""A person attaches an image, sends it, sees it in the message, and finds it again after a reload."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, said, start_chat, visit
from tests.support.files import image
from tests.support.scripted import ScriptedServer, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_files")]

_DRAWN = "image => image.complete && image.naturalWidth"


def test_an_image_is_attached_sent_and_seen(app: RunningApp, model: ScriptedServer, page: Page):
    model.plan(text("It is blue."))
    visit(page, f"{app.url}/agents")
    start_chat(page, "Number clerk")
    photo = {"name": "blue.png", "mimeType": "image/png", "buffer": image(size=(160, 120))}
    with page.expect_response(lambda answer: "upload_file" in answer.url and answer.request.method == "PUT"):
        page.get_by_test_id("stChatInput").locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_test_id("stChatInput").get_by_text("blue.png")).to_be_visible()
    field = page.get_by_role("textbox", name="Message Number clerk")
    field.fill("What colour is it?")
    field.press("Enter")

    expect(said(page)).to_have_text("It is blue.")
    picture = page.get_by_role("img", name="blue.png")
    expect(picture).to_be_visible()
    assert picture.evaluate(_DRAWN) == 160
    link = page.get_by_role("link", name="blue.png")
    expect(link).to_have_attribute("target", "_blank")
    assert model.requests[0].json["messages"][-1]["content"][1]["type"] == "image_url"

    page.reload()
    idle(page)
    expect(page.get_by_role("img", name="blue.png")).to_be_visible()
    page.get_by_text("Sent", exact=True).click()
    expect(page.get_by_text("the very bytes that were sent")).to_be_visible()
