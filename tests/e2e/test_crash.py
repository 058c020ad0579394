"""kill -9 in the middle of the work, then the same home again: nothing is lost and nothing is done twice."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.event import Event, Finished, Started
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from core.engine.invariants import faults
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import answer, said, say, tool_card, visit
from tests.support.scripted import ScriptedServer, calls, stall, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_crash")]

NOTE = ("notebook_write", '{"notebook": "house", "text": "The key is under the blue flower pot."}')
FIRST, WHOLE = "It is noted: the key", "It is noted: the key is under the blue flower pot."


@pytest.fixture
def model(own_app: RunningApp) -> Iterator[ScriptedServer]:
    """A scripted model for the server that is killed; every planned answer is asked for exactly once."""
    with ScriptedServer() as server:
        with own_app.inside(server):
            pass
        yield server


def test_a_run_killed_in_mid_answer_goes_on_and_what_was_done_is_not_done_again(
    own_app: RunningApp, page: Page, model: ScriptedServer
):
    model.plan(calls(NOTE), text(*re.findall(r"\S+\s*", WHOLE)).stall_after(6), text(WHOLE))
    chat_with(own_app, page, "Note keeper", "Note where the key is.")
    expect(said(page)).to_have_text(FIRST)
    before = journal(own_app, page)

    own_app.kill()
    expect(said(page)).to_have_text(FIRST)
    own_app.start()
    expect(said(page)).to_have_text(WHOLE)
    expect(answer(page)).to_contain_text("1 attempt before this one was lost when its worker ended.")

    after = journal(own_app, page)
    assert after[: len(before)] == before, "what was recorded stands as it was"
    assert faults(after) == []
    assert [event.seq for event in after] == list(range(len(after)))
    assert attempts(after) == [("1.m", 1), ("1.0", 1), ("2.m", 1), ("2.m", 2)]
    assert [event.fact.effect for event in after if isinstance(event.fact, Finished)] == ["1.0"]
    assert notes(own_app) == 1

    page.reload()
    expect(said(page)).to_have_text(WHOLE)
    page.get_by_role("link", name="Open the run").click()
    expect(page.get_by_text(re.compile("attempt 2")).first).to_be_visible()


def test_a_call_that_must_not_be_repeated_is_unknown_after_the_crash_and_waits(
    own_app: RunningApp, page: Page, model: ScriptedServer, tmp_path: Path
):
    with ScriptedServer(stall()) as shop:
        import_shop(own_app, shop, tmp_path)
        model.plan(calls(("place_order", '{"body": {"item": "lamp", "count": 1}}')))
        chat_with(own_app, page, "Buyer", "Order one lamp.")
        shop.wait_for(1)
        expect(tool_card(page, "running")).to_contain_text("place_order")

        own_app.kill()
        own_app.start()
        card = tool_card(page, "unknown")
        expect(card).to_contain_text("Unknown outcome")
        expect(card).to_contain_text("It was not sent again.")

        after = journal(own_app, page)
        assert attempts(after) == [("1.m", 1), ("1.0", 1)]
        assert [event.kind for event in after][-2:] == ["unknown", "asked"], "it waits for a person"
        visit(page, own_app.url)
        expect(page.get_by_text("1 thing needs you.")).to_be_visible()
    assert [(request.method, request.json) for request in shop.requests] == [("POST", {"item": "lamp", "count": 1})]


def test_a_page_that_was_idle_when_its_server_died_is_drawn_anew_by_the_next_one(
    own_app: RunningApp, page: Page, model: ScriptedServer
):
    model.plan(text("It", " is", " so").stall_after(3))
    chat_with(own_app, page, "Note keeper", "Where is the key?")
    expect(said(page)).to_have_text("It is")
    page.reload()
    expect(said(page)).to_have_text("It is")

    own_app.kill()
    expect(page.locator("[data-test-connection-state=CONNECTED]")).to_have_count(0)
    own_app.start(ARYABHATTA_EXECUTE="0")
    expect(page.locator("[data-test-connection-state=CONNECTED]")).to_be_visible()
    with own_app.inside() as core:
        run_id = run_of(core, page)
    stopped = own_app.command("runs", "cancel", str(run_id))
    assert stopped.returncode == 0, stopped.stderr
    expect(answer(page)).to_contain_text("Stopped")


def chat_with(app: RunningApp, page: Page, agent: str, message: str) -> None:
    with app.inside() as core:
        found = core.agents.by_name(agent)
    assert found is not None
    visit(page, f"{app.url}/chat?agent={found.id}")
    say(page, message, agent)
    page.wait_for_url(re.compile("conversation="))


def journal(app: RunningApp, page: Page) -> list[Event]:
    """Every entry of the newest run of the conversation that the page shows, as another process reads it."""
    with app.inside() as core:
        return core.runs.events(run_of(core, page))


def run_of(core: App, page: Page) -> UUID:
    conversation = UUID(parse_qs(urlsplit(page.url).query)["conversation"][0])
    return core.conversations.path(conversation)[-1].id


def attempts(events: list[Event]) -> list[tuple[str, int]]:
    """What was started, in order, and for which time."""
    return [(event.fact.effect, event.fact.attempt) for event in events if isinstance(event.fact, Started)]


def notes(app: RunningApp) -> int:
    """How many pages the notebook has, as the command line reads it."""
    found = app.command("tool", "test", "notebook_read", '{"notebook": "house"}', "--json")
    assert found.returncode == 0, found.stderr
    entries = [json.loads(line) for line in found.stdout.splitlines()]
    (finished,) = (entry for entry in entries if entry.get("kind") == "finished")
    return finished["body"]["output"].count("blue flower pot")


def import_shop(app: RunningApp, shop: ScriptedServer, folder: Path) -> None:
    """A shop that never answers, from its OpenAPI document, and an agent that may order there."""
    document = folder / "shop.json"
    document.write_text(json.dumps(shop_document(f"http://127.0.0.1:{shop.port}")))
    imported = app.command("tool", "import-openapi", str(document), "--allow-host", f"127.0.0.1:{shop.port}")
    assert imported.returncode == 0, imported.stderr
    with app.inside() as core:
        made = core.agents.create("Buyer", AgentSpec(tools=(ToolChoice("place_order"),)), "")
    assert isinstance(made, Ok), made


def shop_document(url: str) -> dict[str, Any]:
    order = {"type": "object", "properties": {"item": {"type": "string"}, "count": {"type": "integer"}}}
    operation = {
        "operationId": "place_order",
        "summary": "Order something.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": order}}},
        "responses": {"201": {"description": "Ordered"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/orders": {"post": operation}},
    }
