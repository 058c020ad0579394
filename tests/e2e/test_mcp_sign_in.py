"""Signing in to an MCP server from the screen: to its own page, back to ours, its tools taken in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, visit
from tests.support.mcp_servers import GuardedServer, guarded_server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_mcp_sign_in")]


@pytest.fixture
def house(tmp_path) -> Iterator[GuardedServer]:
    with guarded_server(tmp_path) as house:
        yield house


def test_a_person_signs_in_at_a_server_and_its_tools_are_taken_in(app: RunningApp, page: Page, house: GuardedServer):
    visit(page, f"{app.url}/tools?new=mcp")
    page.get_by_role("radio", name="An address").click()
    page.get_by_role("textbox", name="Address").fill(house.server.url)
    page.get_by_role("textbox", name="Address").press("Enter")
    page.get_by_text("Token and private hosts").click()
    allowed = page.get_by_role("textbox", name="Allow this host although it is private")
    allowed.fill(house.server.allow_hosts[0])
    allowed.press("Enter")
    idle(page)
    page.get_by_role("button", name="Ask it for its tools").click()
    expect(page.get_by_text("This server wants to know who asks.")).to_be_visible()

    page.get_by_role("button", name="Sign in at it").click()
    page.get_by_role("button", name="Sign in", exact=True).click()
    link = page.get_by_role("link", name="Go to 127.0.0.1")
    expect(link).to_be_visible()
    assert house.log == ["registered Aryabhatta"], "nothing is opened before the person does"
    with page.context.expect_page() as opened:
        link.click()
    there = opened.value
    there.get_by_role("link", name="yes").click()
    there.wait_for_url(f"{app.url}/tools?new=mcp")

    there.get_by_role("button", name="Ask it for its tools").click()
    there.get_by_role("button", name="Take in 1 tool").click()
    state = there.locator("[class*='st-key-sign_in_']")
    expect(state).to_contain_text("Signed in for tools; renewed by itself.")

    there.get_by_role("button", name="Sign out").click()
    there.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(state).to_contain_text("Sign-in needed")


def test_a_way_back_that_nobody_began_is_said(app: RunningApp, page: Page):
    page.goto(f"{app.url}/oauth/mcp?state=made-up&code=<b>x</b>")
    expect(page.get_by_role("alert")).to_have_text("This sign-in is not under way here any more. Begin it again.")
