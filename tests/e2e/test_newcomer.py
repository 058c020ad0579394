"""The first quarter of an hour of somebody who has never seen the app and reads no manual."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.steps import answer, go_to, idle, lengths, said, say, shown, start_chat, tool_card, visit, watch_lengths
from tests.support.scripted import MODEL, ScriptedServer, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_newcomer")]

QUESTION = "What is 17 % of 2,340?"


def test_a_sample_agent_answers_at_once_and_a_reload_shows_the_same(app: RunningApp, page: Page):
    visit(page, app.url)
    expect(page.get_by_role("heading", name="Agents to begin with")).to_be_visible()
    page.get_by_role("button", name="Try it").last.click()
    page.get_by_role("button", name=QUESTION).click()

    card = tool_card(page, "done")
    expect(card).to_contain_text("calculator")
    for row in (("expression", "17 % of 2,340"), ("result", "397.8")):
        expect(card).to_contain_text(re.compile(r"\s*".join(map(re.escape, row))))
    expect(said(page)).to_have_text("17 % of 2,340 = 397.8.")
    expect(page.get_by_role("group", name="Chat message from user")).to_have_text(QUESTION)

    page.reload()
    expect(said(page)).to_have_text("17 % of 2,340 = 397.8.")
    expect(card).to_contain_text("397.8")
    go_to(page, "Home")
    expect(page.get_by_role("link", name=QUESTION)).to_be_visible()


def test_the_text_is_seen_growing(app: RunningApp, page: Page):
    visit(page, f"{app.url}/agents")
    start_chat(page, "Number clerk")
    watch_lengths(page)
    say(page, "Who are you?")
    expect(answer(page).get_by_text("tokens")).to_be_visible()
    seen = lengths(page)
    assert len(seen) > 20
    assert seen == sorted(seen), "it never shrinks, not even when the answer is complete"


def test_an_agent_is_changed_tried_and_saved_and_the_run_names_the_revision(app: RunningApp, page: Page):
    visit(page, f"{app.url}/agents")
    page.locator("[class*='st-key-row_agent_']").filter(has_text="Day planner").get_by_role(
        "button", name="Edit"
    ).click()
    rewrite(page, "You are the gardener's clerk. Dates first, flowers second.")
    add_tool(page, "calculator")
    look_at_the_difference(page, "gardener's", "calculator")

    say(page, "Who are you?", "the draft")
    expect(said(page)).to_contain_text("My instructions begin: “You are the gardener's clerk.”")
    expect(answer(page).get_by_text("tokens")).to_be_visible()
    say(page, QUESTION, "the draft")
    expect(tool_card(page, "done")).to_contain_text("calculator")
    expect(said(page)).to_have_text("17 % of 2,340 = 397.8.")

    page.get_by_role("button", name="Save as revision 2").click()
    page.get_by_role("textbox", name="What changed, in a line").fill("Knows flowers")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Revision 2 is live, and this is it.")).to_be_visible()

    page.get_by_role("button", name="Open chat").click()
    say(page, QUESTION, "Day planner")
    expect(said(page)).to_have_text("17 % of 2,340 = 397.8.")
    expect(answer(page).get_by_text("tokens")).to_be_visible()
    idle(page)
    page.get_by_role("link", name="Open the run").click()
    expect(page.get_by_text(re.compile("Day planner · revision 2"))).to_be_visible()


def test_it_says_that_the_model_is_scripted_and_one_click_leads_to_a_real_one(app: RunningApp, page: Page):
    visit(page, f"{app.url}/chat")
    expect(shown(page, "Demo model: scripted, not AI")).to_be_visible()
    page.get_by_role("link", name="Use a real model").click()
    expect(page.get_by_role("heading", name="Which model answers")).to_be_visible()
    expect(page.get_by_text("No model is set up yet.")).to_be_visible()


def test_an_endpoint_added_in_settings_answers(own_app: RunningApp, page: Page):
    with ScriptedServer(text("Good ", "morning ", "from ", "the ", "office.")) as server:
        visit(page, f"{own_app.url}/settings")
        add_endpoint(page, "office-gpu", server.base_url)
        page.get_by_role("button", name="Check").first.click()
        expect(page.get_by_text(re.compile(r"Answers in \d+ ms, 1 model\.")).first).to_be_visible()
        make_default(page)

        go_to(page, "Chat")
        expect(shown(page, f"{MODEL} at office-gpu")).to_be_visible()
        expect(shown(page, "scripted, not AI")).to_be_hidden()
        say(page, "Good morning!")
        expect(said(page)).to_have_text("Good morning from the office.")
    assert [message["role"] for message in server.requests[0].json["messages"]] == ["system", "user"]
    assert server.requests[0].json["model"] == MODEL


def rewrite(page: Page, instructions: str) -> None:
    field = page.get_by_role("textbox", name="Instructions")
    field.fill(instructions)
    field.press("Control+Enter")
    expect(page.get_by_text("The draft differs from live revision 1")).to_be_visible()


def add_tool(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Tools").click()
    page.get_by_role("textbox", name="Search tools").fill(name)
    offers = page.locator("[class*='st-key-add_']")
    expect(offers).to_have_count(1)
    offers.get_by_role("button", name="Add").click()
    expect(policy_of(page, name)).to_be_visible()


def look_at_the_difference(page: Page, *words: str) -> None:
    page.get_by_role("button", name="See diff").click()
    dialog = page.get_by_role("dialog")
    for word in words:
        expect(dialog).to_contain_text(word)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def policy_of(page: Page, name: str) -> Locator:
    return page.get_by_role("radiogroup", name=f"What the model may do with {name}")


def add_endpoint(page: Page, name: str, base_url: str) -> None:
    page.get_by_role("button", name="Add endpoint").click()
    dialog = page.get_by_role("dialog")
    for label, value in (("Name", name), ("Base address", base_url), ("Default model", MODEL)):
        dialog.get_by_role("textbox", name=label).fill(value)
        dialog.get_by_role("textbox", name=label).press("Tab")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).to_be_hidden()


def make_default(page: Page) -> None:
    """Choose the demo and then the new one, so that it is a person's choice and not the order that decides."""
    page.get_by_role("button", name="Use by default").click()
    expect(shown(page, "Demo model: scripted, not AI")).to_be_visible()
    page.get_by_role("button", name="Use by default").click()
    expect(page.get_by_text("It was chosen in Settings.")).to_be_visible()
    expect(shown(page, f"{MODEL} at office-gpu")).to_be_visible()
