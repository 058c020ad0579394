"""Ctrl+K on any page: a field that finds things by name. Keys are enough."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_finder")]
EVIL = "<img src=x onerror=\"document.title='cracked'\"> **bold**"


def finder(page: Page):
    return page.get_by_role("dialog", name="Find anything")


def field(page: Page):
    return page.get_by_role("combobox", name=re.compile("^Find an agent"))


def press_open(page: Page) -> None:
    expect(page.get_by_role("button", name="Find anything")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()


@pytest.mark.parametrize("screen", ["", "agents", "prompts", "chat", "runs", "settings", "compare"])
def test_it_opens_on_every_page_and_leaves_no_trace(app: RunningApp, page: Page, screen: str):
    visit(page, f"{app.url}/{screen}")
    press_open(page)
    page.keyboard.press("Escape")
    expect(finder(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Find anything")).to_be_visible()


def test_keys_alone_lead_from_a_name_to_its_page(app: RunningApp, page: Page):
    visit(page, f"{app.url}/runs")
    press_open(page)
    page.keyboard.type("cal")
    options = finder(page).get_by_role("option")
    expect(options.first.locator(".title")).to_have_text("calculator")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(field(page)).to_have_attribute("aria-activedescendant", re.compile(r"found-\d+"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="calculator", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/tools\?tool=calculator"))


def test_the_button_opens_it_on_a_phone_as_well(app: RunningApp, page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, app.url)
    page.get_by_role("button", name="Find anything").click()
    field(page).fill("number")
    finder(page).get_by_role("option", name=re.compile("Number clerk")).first.click()
    expect(page).to_have_url(re.compile(r"/agent\?agent="))


def test_what_was_found_is_text_and_never_markup(app: RunningApp, page: Page):
    with app.inside() as core:
        core.prompts.save("user", EVIL[:100], "Hello", (), "")
    visit(page, app.url)
    press_open(page)
    field(page).fill("onerror")
    expect(finder(page).locator(".title")).to_have_text(EVIL[:100])
    assert finder(page).locator("img").count() == 0
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/prompts\?.*kind=user"))
    idle(page)
    assert page.title() != "cracked"


def test_letters_typed_into_it_mean_nothing_to_the_page_below(app: RunningApp, page: Page):
    visit(page, f"{app.url}/agents")
    press_open(page)
    page.keyboard.type("crcrc")
    expect(finder(page).get_by_text("Nothing found.")).to_be_visible()
    assert field(page).input_value() == "crcrc"


def test_datasets_and_collections_open_on_their_pages(app: RunningApp, page: Page):
    with app.inside() as core:
        core.datasets.create("Zebra sums", "")
        core.knowledge.create("Zebra lore", "")
    for title, address in (("Zebra sums", r"/datasets\?dataset="), ("Zebra lore", r"/knowledge\?collection=")):
        visit(page, app.url)
        press_open(page)
        field(page).fill(title)
        finder(page).locator(".title", has_text=title).first.click()
        expect(page).to_have_url(re.compile(address))
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
