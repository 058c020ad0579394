"""docs/tutorial.md, step by step: what it tells a person to press and to write is on the screens, and works."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import ROOT, RunningApp
from tests.e2e.steps import answer, idle, said, say, tool_card, visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_tutorial")]

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
WORDS = " ".join(TUTORIAL.split())
BOLD = set(re.findall(r"\*\*(.+?)\*\*", WORDS.partition("## 1")[2].partition("## Where to go next")[0]))
NAMED: set[str] = set()
"""The names that the steps below found on a screen."""
CLERK, FLORIST = re.findall(r"```text\n\s*(.*?)\n\s*```", TUTORIAL)


def test_the_tutorial_works_as_it_is_written(app: RunningApp, page: Page):
    visit(page, app.url)
    talk_to_an_agent(page)
    make_an_agent(page)
    try_approve_and_save(page)
    compare_two_prompts(page)
    look_at_what_happened(page)
    assert NAMED == BOLD, "each name in bold was pressed or seen"


def talk_to_an_agent(page: Page) -> None:
    sees(page, "Agents to begin with")
    press(page, "Try it", last=True)
    press(page, "What is 17 % of 2,340?")
    expect(tool_card(page, "done")).to_contain_text(told("calculator"))
    expect(said(page)).to_contain_text(told("397.8"))


def make_an_agent(page: Page) -> None:
    press(page, "Agents", "link")
    press(page, "New agent")
    press(page, "Blank", "tab")
    page.get_by_role("textbox", name=told("Name")).fill(told("Flower clerk"))
    press(page, "Create")
    instruct(page, CLERK)
    asked = page.get_by_text("Give a value first: shop")
    expect(asked).to_be_visible()
    default = page.get_by_role("textbox", name="Default of shop")
    expect(default).to_have_attribute("placeholder", told("Default"))
    default.fill(told("Tulip Corner"))
    default.press("Enter")
    expect(asked).to_be_hidden()
    idle(page)
    press(page, "Tools", "tab")
    page.get_by_role("textbox", name=told("Search tools")).fill(told("notebook_write"))
    expect(page.get_by_role("button", name="Add", exact=True)).to_have_count(1)
    press(page, "Add")
    for policy in ("Allow", "Deny"):
        expect(pressable(page, policy, "radio")).to_be_visible()
    press(page, "Ask", "radio")


def try_approve_and_save(page: Page) -> None:
    sees(page, "The draft differs from live revision 1")
    say(page, told("Note: 12 tulips for Ann on Friday."), "the draft")
    expect(tool_card(page, "waiting")).to_contain_text(told("Waiting for you"))
    expect(tool_card(page, "waiting")).to_contain_text("12 tulips for Ann on Friday.")
    press(page, "Approve")
    expect(tool_card(page, "done")).to_contain_text(told("Written to 'notes', page 1"))
    expect(said(page)).to_contain_text(told("Noted"))
    expect(answer(page).get_by_text("tokens")).to_be_visible()
    press(page, "Save as revision 2")
    page.get_by_role("textbox", name=told("What changed, in a line")).fill(told("Takes orders"))
    press(page, "Save")
    sees(page, "Revision 2 is live, and this is it")
    expect(pressable(page, "Revisions", "tab")).to_be_visible()


def compare_two_prompts(page: Page) -> None:
    press(page, "Instructions", "tab")
    instruct(page, FLORIST)
    sees(page, "The draft differs")
    idle(page)
    press(page, "Compare")
    sees(page, "Only the prompt differs")
    field = page.get_by_role("textbox", name=told("Message all columns"))
    expect(field).to_be_enabled()
    field.fill(told("Who are you?"))
    field.press("Enter")
    columns = page.locator("[class*='st-key-cell_']")
    for place, prompt in enumerate((CLERK, FLORIST)):
        first_sentence = prompt.replace("{{shop}}", "Tulip Corner").partition(".")[0]
        expect(columns.nth(place).locator(".answer .body").last).to_contain_text(first_sentence)
        expect(columns.nth(place).get_by_text("Done")).to_be_visible()


def look_at_what_happened(page: Page) -> None:
    press(page, "Agents", "link")
    card = page.locator("[class*='st-key-row_agent_']").filter(has_text="Flower clerk")
    press(card, "Chat")
    say(page, told("Note: 3 roses for Bob on Monday."), "Flower clerk")
    press(page, "Approve")
    expect(said(page)).to_contain_text("3 roses for Bob on Monday.")
    expect(answer(page).get_by_text("tokens")).to_be_visible()
    press(page, "Open the run", "link")
    expect(page.get_by_role("heading", name=told("Journal"))).to_be_visible()
    for entry in ("notebook_write waits for approval", "approved notebook_write", "notebook_write answered"):
        expect(page.locator(".st-key-dense_journal")).to_contain_text(entry)
    press(page, "Sent", "radio")
    expect(page.locator("mark").filter(has_text="Tulip Corner")).to_be_visible()
    sees(page, "Nothing added", quoted=False)
    press(page, "Proof", "radio")
    press(page, "Replay")
    sees(page, "Identical")


def told(words: str) -> str:
    """What the person reads or writes, as the tutorial has it."""
    assert words in WORDS, f"docs/tutorial.md does not say {words!r}"
    return words


def pressable(where: Page | Locator, name: str, role: str = "button") -> Locator:
    assert name in BOLD, f"docs/tutorial.md does not name {name!r}"
    NAMED.add(name)
    return where.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]


def press(where: Page | Locator, name: str, role: str = "button", *, last: bool = False) -> None:
    found = pressable(where, name, role)
    (found.last if last else found).click()


def sees(page: Page, words: str, *, quoted: bool = True) -> None:
    if quoted:
        told(words)
    expect(page.get_by_text(words).filter(visible=True).first).to_be_visible()


def instruct(page: Page, text: str) -> None:
    """Write the instructions and click outside the field."""
    page.get_by_role("textbox", name="Instructions").fill(text)
    page.get_by_role("heading", name="Try it").click()
