"""A gate in a browser: set on an agent, met by an evaluation that is run from its editor, passed over with a reason."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.domain.agent import AgentSpec
from core.domain.dataset import Item
from core.domain.result import Ok
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, shown, visit
from tests.support.evaluations import echo
from tests.support.scripted import ScriptedServer
from tests.support.workspace import ENDPOINT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_gate")]

ITEMS = [Item(input=f"word{number}", expected=f"word{number}") for number in range(4)]


def say_instructions(page: Page, words: str, number: int) -> None:
    """Edit the prompt and save the draft as a revision."""
    field = page.get_by_role("textbox", name="Instructions")
    field.fill(words)
    field.press("Control+Enter")
    page.get_by_role("button", name=f"Save as revision {number}").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(shown(page, re.compile(f"Revision {number} is saved and not live"))).to_be_visible()


def test_a_revision_goes_live_when_it_is_proved_or_let_through(own_app: RunningApp, page: Page):
    with ScriptedServer(respond=echo) as model:
        with own_app.inside(model) as core:
            agent = core.agents.create("Echo", AgentSpec(endpoint=ENDPOINT), "ada")
            assert isinstance(agent, Ok)
            assert isinstance(core.datasets.create("Words", "ada", items=ITEMS), Ok)
        visit(page, f"{own_app.url}/agent?agent={agent.value.id}")
        page.get_by_role("tab", name="Revisions").click()
        page.get_by_role("button", name="Set a gate").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Add an evaluator").click()
        page.get_by_role("menuitem", name="Contains").or_(page.get_by_role("option", name="Contains")).first.click()
        expect(dialog.get_by_text("Another one asks exactly this.")).to_be_visible()
        fields = dialog.get_by_role("textbox", name="Texts, one a line")
        fields.nth(1).fill("word")
        fields.nth(1).press("Control+Enter")
        expect(dialog.get_by_text("Another one asks exactly this.")).to_be_hidden()
        dialog.get_by_role("button", name="Save the gate").click()
        expect(shown(page, re.compile("at least 90 % of Words pass"))).to_be_visible()

        page.get_by_role("tab", name="Instructions").click()
        say_instructions(page, "Sir,", 2)
        page.get_by_role("button", name="Run the evaluation").click()
        page.get_by_role("dialog").get_by_role("button", name="Start the evaluation").click()
        expect(page.get_by_role("button", name="Judge again")).to_be_visible(timeout=60_000)
        idle(page)
        page.get_by_role("button", name="Make live").click()
        expect(shown(page, re.compile("Revision 2 of Echo is live"))).to_be_visible()

        visit(page, f"{own_app.url}/agent?agent={agent.value.id}")
        say_instructions(page, "Madam,", 3)
        page.get_by_role("button", name="Make live all the same").click()
        reason = page.get_by_role("dialog").get_by_role("textbox", name="Why")
        reason.fill("A customer waits.")
        reason.press("Control+Enter")
        page.get_by_role("dialog").get_by_role("button", name="Make revision 3 live").click()
        expect(shown(page, re.compile("Revision 3 is live"))).to_be_visible()
        idle(page)  # for a moment the editor stands there twice: what was and what comes
        page.get_by_role("tab", name="Revisions").click()
        expect(shown(page, re.compile("Let through by .*: A customer waits."))).to_be_visible()
        expect(shown(page, re.compile("Proved: 100 % passed"))).to_be_visible()
