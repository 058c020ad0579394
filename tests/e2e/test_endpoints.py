"""Endpoints in a real browser: set in a form, chosen from what they serve, and never waited for."""

import re
import threading
import time

from playwright.sync_api import Page, expect

from core.domain.endpoint import Compatibility, EndpointLimits
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, visit
from tests.support.scripted import ScriptedServer, status, text

LISTED = {
    "data": [
        {"id": "org/handy", "context_length": 131072, "supported_parameters": ["tools"]},
        {"id": "org/small", "context_length": 8192, "supported_parameters": []},
    ]
}
NOTICED_S = 4.0
"""A page that waits for a silent server takes the server's five seconds at least."""


def test_an_endpoint_is_set_and_its_models_are_chosen(app: RunningApp, page: Page):
    with ScriptedServer(listing=status(200, LISTED)) as server, app.inside() as core:
        core.endpoints.add(
            "office", server.base_url, "", model="org/handy", limits=EndpointLimits(requests_per_minute=30)
        )
        agent = core.agents.list()[0].agent

        visit(page, f"{app.url}/settings")
        expect(page.get_by_text(re.compile(r"Answers in \d+ ms, 2 models, supports tools\."))).to_be_visible()
        set_in_the_form(page)
        set_there = core.endpoints.get("office")
        assert set_there.limits == EndpointLimits(silence_s=12.5, concurrency=2, requests_per_minute=30)
        assert set_there.compatibility == Compatibility(reasoning_back=True, token_field="max_completion_tokens")
        assert set_there.model == "org/handy"

        visit(page, f"{app.url}/agent?agent={agent.id}")
        page.get_by_role("tab", name="Model").click()
        choose_model(page, "small", "org/small · 8k · no tools")
        expect(page.get_by_text("8,192 tokens of context · cannot call tools")).to_be_visible()
        assert core.agents.get(agent.id).draft.model == "org/small"
        choose_model(page, "org/typed-by-hand", "Add: org/typed-by-hand")
        expect(page.get_by_text("The endpoint does not list org/typed-by-hand.")).to_be_visible()
        assert core.agents.get(agent.id).draft.model == "org/typed-by-hand"
        core.endpoints.delete("office")


def test_a_screen_is_there_before_a_silent_server_is(app: RunningApp, page: Page):
    gate = threading.Event()
    with ScriptedServer(listing=text("x").headers_held_by(gate)) as silent, app.inside() as core:
        visit(page, f"{app.url}/prompts")  # what the first page of a browser costs is not the server's fault
        core.endpoints.add("silent", silent.base_url, "")
        agent = core.agents.list()[0].agent
        for screen in ("settings", "", f"agent?agent={agent.id}"):
            began = time.monotonic()
            visit(page, f"{app.url}/{screen}")
            assert time.monotonic() - began < NOTICED_S, screen
        visit(page, f"{app.url}/settings")
        expect(page.get_by_text("The server did not answer in full within 5 seconds.")).to_be_visible()
        gate.set()
        core.endpoints.delete("silent")


def set_in_the_form(page: Page) -> None:
    page.get_by_role("button", name="Edit").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("tab", name="Limits").click()
    for label, value in (("Longest silence, in seconds", "12.5"), ("Requests at the same time", "2")):
        dialog.get_by_role("spinbutton", name=label).fill(value)
        dialog.get_by_role("spinbutton", name=label).press("Enter")
    dialog.get_by_role("tab", name="Compatibility").click()
    dialog.get_by_text("Send earlier reasoning back").click()
    dialog.get_by_role("combobox", name=re.compile("Name of the token limit")).click()
    page.get_by_role("option", name="max_completion_tokens").click()
    idle(page)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def choose_model(page: Page, typed: str, option: str) -> None:
    picker = page.get_by_role("combobox", name=re.compile("^(Selected .*)?Model")).first
    picker.click()
    picker.fill(typed)
    page.get_by_role("option", name=option).click()
    idle(page)
