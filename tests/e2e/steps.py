"""What a person does and looks at, in the words of the screens."""

import re
from dataclasses import replace
from threading import Event
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.answers import Answer, text

_IDLE = """() => { const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED' }"""
_RECORD = """() => {
  window.lengths = [];
  const look = () => {
    const views = [...document.querySelectorAll('[class*="st-key-answer-"] *')].filter((e) => e.shadowRoot);
    const length = views.at(-1)?.shadowRoot.querySelector('.body')?.textContent.length ?? 0;
    if (length !== window.lengths.at(-1)) window.lengths.push(length);
    requestAnimationFrame(look);
  };
  look();
}"""


def idle(page: Page) -> None:
    """Wait until Streamlit has drawn everything."""
    page.wait_for_function(_IDLE)


def visit(page: Page, url: str) -> None:
    """Type an address."""
    page.goto(url)
    idle(page)


def go_to(page: Page, title: str) -> None:
    """Click a screen's name in the sidebar."""
    page.get_by_role("navigation").get_by_role("link", name=title, exact=True).click()


def say(page: Page, message: str, agent: str = "") -> None:
    """Write a message and press Enter."""
    field = page.get_by_role("textbox", name=re.compile(f"^Message {agent}"))
    expect(field).to_be_enabled()
    field.fill(message)
    field.press("Enter")


def answer(page: Page) -> Locator:
    """What the agent did and said last."""
    return page.get_by_role("group", name="Chat message from assistant").last


def said(page: Page) -> Locator:
    """The text of the last answer, as it stands now."""
    return answer(page).locator(".answer .body").last


def tool_card(page: Page, state: str, effect: str = "") -> Locator:
    """The cards of calls that stand so; `effect`: of one of them."""
    end = f"[class*='_{effect.replace('.', '_')} ']" if effect else ""
    return page.locator(f"[class*='st-key-tool_{state}']{end}")


def shown(page: Page, words: str | re.Pattern[str]) -> Locator:
    """Where these words can be seen; Streamlit keeps a hidden copy of some for narrow screens."""
    return page.get_by_text(words).filter(visible=True).first


def start_chat(page: Page, agent: str) -> None:
    """From the agents' list to an empty chat with one of them."""
    card = page.locator("[class*='st-key-row_agent_']").filter(has_text=agent)
    card.get_by_role("button", name="Chat").click()
    expect(page.get_by_role("textbox", name=f"Message {agent}")).to_be_enabled()


def watch_lengths(page: Page) -> None:
    """Note every length that the newest answer has on the screen, from now on."""
    page.evaluate(_RECORD)


def lengths(page: Page) -> list[int]:
    found: list[int] = page.evaluate("() => window.lengths")
    return found


def in_two_parts(first: str, rest: str, gate: Event, **options: Any) -> Answer:
    """A good answer whose second part waits for `gate`."""
    whole = text(*re.findall(r"\S+\s*", first), rest, **options)
    head = len(re.findall(r"\S+\s*", first)) + 1
    return replace(whole, pieces=(*whole.pieces[:head], b"".join(whole.pieces[head:]))).held_by(gate)
