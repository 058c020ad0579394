"""An answer while it comes: it grows, it is the same everywhere, it can be stopped, and it stops nobody else."""

import re
import time
from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.steps import answer, go_to, in_two_parts, lengths, said, say, shown, visit, watch_lengths
from tests.support.answers import thinking
from tests.support.scripted import Answer, ScriptedServer, stall, status, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_live")]

STOP_LIMIT_S = 2.0
FIRST, REST = "Rivers begin as rain", " and end as sea."
WORDS = [f"word{number} " for number in range(60)]


@pytest.fixture
def gate() -> Iterator[Event]:
    """Keeps the second part of an answer back until it is set."""
    gate = Event()
    yield gate
    gate.set()


def ask(page: Page, app: RunningApp, message: str = "Tell me about rivers.") -> None:
    visit(page, f"{app.url}/chat")
    say(page, message)
    page.wait_for_url(re.compile("conversation="))


def complete(page: Page, words: str = FIRST + REST) -> None:
    """The answer is there, and so are the facts below it."""
    expect(said(page)).to_have_text(words)
    expect(answer(page).get_by_text("15 tokens")).to_be_visible()


def test_the_text_grows_while_other_things_on_the_page_work(
    app: RunningApp, page: Page, model: ScriptedServer, gate: Event
):
    model.plan(in_two_parts("".join(WORDS), REST, gate).paced(0.03))
    ask(page, app)
    expect(said(page)).to_contain_text("word0")
    watch_lengths(page)
    page.get_by_role("radio", name="Sent").click()
    expect(shown(page, "Nothing added.")).to_be_visible()
    search = page.get_by_role("textbox", name="Search conversations")
    search.fill("no such conversation")
    expect(page.get_by_test_id("stSidebarUserContent").get_by_text("Nothing found.")).to_be_visible()
    expect(said(page)).to_contain_text("word59")
    gate.set()
    expect(said(page)).to_contain_text(REST.strip())
    seen = lengths(page)
    assert len(seen) > 10
    assert seen == sorted(seen)
    expect(page.get_by_role("radio", name="Sent")).to_be_checked()


def test_thoughts_are_read_while_they_come_and_stay_folded_beside_the_answer(
    app: RunningApp, page: Page, model: ScriptedServer, gate: Event
):
    model.plan(thinking(["Rain falls. ", "So I begin there."], REST, gate))
    ask(page, app)
    folded = answer(page).locator("details")
    expect(folded.locator("summary")).to_have_text("Thinking…")
    expect(folded.locator(".thinking")).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.locator(".thinking")).to_have_text("Rain falls. So I begin there.")
    gate.set()
    complete(page, REST.strip())
    expect(folded.locator("summary")).to_have_text(re.compile(r"Thought for \d"))
    expect(folded.locator(".thinking")).to_be_visible()
    page.get_by_role("link", name="Open the run").click()
    expect(page.locator("details").locator("summary")).to_have_text(re.compile(r"Thought for \d"))


def test_a_reload_in_mid_answer_finds_what_came_and_what_comes(
    app: RunningApp, page: Page, model: ScriptedServer, gate: Event
):
    model.plan(in_two_parts(FIRST, REST, gate))
    ask(page, app)
    expect(said(page)).to_have_text(FIRST)
    page.reload()
    expect(said(page)).to_have_text(FIRST)
    gate.set()
    complete(page)
    assert len(model.requests) == 1


def test_a_second_tab_shows_the_same(
    app: RunningApp, page: Page, context: BrowserContext, model: ScriptedServer, gate: Event
):
    model.plan(in_two_parts(FIRST, REST, gate))
    ask(page, app)
    expect(said(page)).to_have_text(FIRST)
    other = context.new_page()
    other.goto(page.url)
    expect(said(other)).to_have_text(FIRST)
    gate.set()
    for tab in (page, other):
        complete(tab)


@pytest.mark.parametrize("how", ["button", "Escape"])
def test_stop_keeps_what_came_and_ends_the_request(app: RunningApp, page: Page, model: ScriptedServer, how: str):
    model.plan(text(*WORDS).stall_after(20))
    ask(page, app)
    expect(said(page)).to_contain_text("word18")
    if how == "button":
        page.get_by_role("button", name="Stop").click()
    else:
        page.keyboard.press("Escape")
    began = time.monotonic()
    assert model.requests[0].gone.wait(STOP_LIMIT_S), "the request outlived its answer"
    assert time.monotonic() - began < STOP_LIMIT_S

    expect(answer(page).get_by_text("What had come until then is kept.")).to_be_visible()
    expect(said(page)).to_contain_text("word18")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.reload()
    expect(said(page)).to_contain_text("word18")
    model.plan(text("Here ", "again."))
    answer(page).get_by_role("button", name="Try again").click()
    complete(page, "Here again.")


def test_a_model_that_says_nothing_at_all_can_be_stopped(app: RunningApp, page: Page, model: ScriptedServer):
    model.plan(stall())
    ask(page, app)
    expect(answer(page).get_by_text("Thinking…")).to_be_visible()
    model.wait_for(1)
    page.get_by_role("button", name="Stop").click()
    assert model.requests[0].gone.wait(STOP_LIMIT_S)
    expect(answer(page).get_by_text("Nothing had come yet.")).to_be_visible()


REFUSALS = {
    "too many requests": (
        status(429, {"error": {"message": "Slow down, please."}}, {"retry-after": "7"}),
        "The endpoint had too many requests",
        "Slow down, please.",
        "Try again in 7 s: that is what the endpoint asks for.",
    ),
    "wrong key": (
        status(401, {"error": {"message": "Incorrect API key provided."}}),
        "The endpoint did not accept the credential",
        "Incorrect API key provided.",
        "Check the token under Settings, then try again.",
    ),
    "cut off": (
        text("It was ", "the best ", "of times").cut_after(3),
        "The answer broke off",
        "It was the best",
        "What had come is shown.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_failure_says_what_to_do_and_trying_again_works(
    app: RunningApp, page: Page, model: ScriptedServer, case: str
):
    refusal, happened, in_its_words, advice = REFUSALS[case]
    model.plan(refusal)
    ask(page, app)
    for sentence in (happened, in_its_words, advice):
        expect(answer(page)).to_contain_text(sentence)
    assert len(model.requests) == 1, "nothing is repeated unseen"

    model.plan(text("All is ", "well."))
    answer(page).get_by_role("button", name="Try again").click()
    complete(page, "All is well.")
    assert model.requests[1].json == model.requests[0].json
    expect(page.get_by_text(happened)).to_be_hidden()


def hushed(gate: Event) -> Answer:
    return text("At ", "last.").headers_held_by(gate)


def half_said(gate: Event) -> Answer:
    return in_two_parts("At ", "last.", gate)


@pytest.mark.parametrize("planned", [hushed, half_said])
def test_no_screen_waits_for_a_model(app: RunningApp, page: Page, model: ScriptedServer, gate: Event, planned):
    model.plan(planned(gate))
    ask(page, app)
    model.wait_for(1)
    address = page.url
    for title in ("Agents", "Prompts", "Tools", "Runs", "Settings"):
        go_to(page, title)
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    go_to(page, "Home")
    expect(page.get_by_role("heading", name=re.compile("^Good "), level=1)).to_be_visible()
    assert not gate.is_set()
    page.goto(address)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    gate.set()
    complete(page, "At last.")
