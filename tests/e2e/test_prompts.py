"""Prompts come from elsewhere and end in a chat."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_prompts")]

PASTED = """{"name": "Sum", "messages": [{"role": "user", "content": "What is {{a}} + 1?"},
 {"role": "assistant", "content": "Ask the calculator."}]}"""


def test_a_pasted_request_becomes_a_prompt_and_a_message(app: RunningApp, page: Page):
    visit(page, f"{app.url}/prompts?kind=user")
    page.get_by_role("button", name="Files").click()
    page.get_by_role("menuitem", name="Import").click()
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_label("Or paste a text or JSON")
    box.fill(PASTED)
    box.press("Control+Enter")
    dialog.get_by_role("button", name="Import", exact=True).click()
    expect(dialog).to_contain_text("1 version saved.")
    expect(dialog).to_contain_text("Sum 2 is of the kind assistant")
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Sum 1").click()
    page.get_by_role("button", name="Use in a chat").click()
    expect(dialog.get_by_role("button", name="Open the chat")).to_be_disabled()
    value = dialog.get_by_label("a", exact=True)
    value.fill("41")
    value.press("Enter")
    dialog.get_by_role("button", name="Open the chat").click()
    idle(page)
    expect(page.get_by_role("textbox", name=re.compile("^Message"))).to_have_value("What is 41 + 1?")


def test_a_file_of_prompts_is_imported(app: RunningApp, page: Page):
    visit(page, f"{app.url}/prompts?kind=user")
    page.get_by_role("button", name="Files").click()
    page.get_by_role("menuitem", name="Import").click()
    dialog = page.get_by_role("dialog")
    file = {"name": "acts.csv", "mimeType": "text/csv", "buffer": b"act,prompt\nPoet,Write a poem on {{topic}}.\n"}
    dialog.locator("input[type=file]").set_input_files(files=[file])
    dialog.get_by_role("button", name="Import", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Poet")).to_be_visible()
