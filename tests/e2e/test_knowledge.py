"""Documents in a browser: taken in, read, tried out, and cited in a chat; what they say is never markup."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import go_to, said, shown, start_chat, tool_card, visit
from tests.support.knowledge import HANDBOOK
from tests.support.scripted import ScriptedServer, calls, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_knowledge")]

HOSTILE = "<img src=x onerror=window.hacked=1> refund <script>window.hacked=1</script> </mark></div>"
HOSTILE_NAME = "a<img src=x onerror=window.hacked=1>.txt"


def file(name: str, content: str) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content.encode()}


def row(page: Page, name: str):
    return page.locator("[class*='st-key-row_document_']").filter(has_text=name)


def test_from_a_file_to_a_cited_answer(app: RunningApp, model: ScriptedServer, page: Page):
    visit(page, app.url)
    go_to(page, "Knowledge")
    page.get_by_role("button", name="Begin a collection").click()
    page.get_by_role("textbox", name="Name").fill("Handbook")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile("collection="))

    expect(shown(page, re.compile("up to 20 MB"))).to_be_visible()
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        [file("handbook.md", HANDBOOK), file("photo.xyz", "?"), file(HOSTILE_NAME, HOSTILE)]
    )
    page.get_by_role("button", name="Add 3 files").click()
    expect(row(page, "handbook.md")).to_contain_text("ready · 3 passages")
    expect(row(page, "photo.xyz")).to_contain_text("unsupported: Files of this kind cannot be read.")
    expect(row(page, HOSTILE_NAME.replace("/", ""))).to_contain_text("ready · 1 passage")

    question = page.get_by_role("textbox", name="Question")
    question.fill("How long does my refund take?")
    question.press("Enter")
    first = page.locator(".passages article").filter(has_text="handbook.md").first
    expect(first).to_contain_text("Returns › Refunds · lines 5–7")
    expect(first.locator("mark").first).to_have_text("Refunds")
    hostile = page.locator(".passages article").filter(has_text="<script>")
    expect(hostile).to_contain_text(HOSTILE)
    expect(hostile.locator("img, script")).to_have_count(0)
    page.wait_for_url(re.compile("q=How"))
    page.reload()
    expect(first).to_contain_text("14 days")

    with app.inside() as core:
        spec = AgentSpec(instructions="Cite.", tools=(ToolChoice("search_handbook"),))
        assert isinstance(core.agents.create("Librarian", spec, ""), Ok)
    model.plan(calls(("search_handbook", '{"query": "refund"}')), text("Within 14 days [1]."))
    visit(page, f"{app.url}/agents")
    start_chat(page, "Librarian")
    field = page.get_by_role("textbox", name="Message Librarian")
    field.fill("When do I get my money?")
    field.press("Enter")
    expect(said(page)).to_have_text("Within 14 days [1].")
    cited = tool_card(page, "done").locator(".passages article")
    expect(cited.filter(has_text="handbook.md").first).to_contain_text("Returns › Refunds")
    expect(cited.filter(has_text="<script>").locator("mark")).to_have_text("refund")
    told = model.requests[1].json["messages"][-1]["content"]
    assert "handbook.md · Returns › Refunds · lines 5–7 · passage " in told

    with page.context.expect_page() as opened:
        cited.filter(has_text="handbook.md").first.get_by_role("link").click()
    expect(opened.value.locator("article.chosen")).to_contain_text("A refund is paid within 14 days")
    for tab in (page, opened.value):
        assert tab.evaluate("window.hacked") is None


def test_a_document_is_deleted_after_one_question(app: RunningApp, page: Page):
    with app.inside() as core:
        made = core.knowledge.create("Short lived", "")
        assert isinstance(made, Ok)
    visit(page, f"{app.url}/knowledge?collection={made.value.id}")
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files([file("gone.txt", "some words")])
    page.get_by_role("button", name="Add 1 file").click()
    expect(row(page, "gone.txt")).to_contain_text("ready")
    row(page, "gone.txt").get_by_role("button", name="Open").click()
    expect(page.locator(".passages.whole article")).to_contain_text("some words")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(shown(page, "gone.txt is deleted.")).to_be_visible()
    expect(row(page, "gone.txt")).to_have_count(0)
