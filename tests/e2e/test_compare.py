"""Four columns that stream at once, with a reload in the middle; and the strip of columns on a phone."""

import re
from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import Locator, Page, expect

from core.domain.agent import AgentSpec
from core.domain.comparison import Comparison
from core.domain.result import Ok
from core.domain.variant import AdHocSpec, Variant
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import in_two_parts, visit
from tests.support.scripted import Request, ScriptedServer
from tests.support.workspace import ENDPOINT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_compare")]

NAMES = ("river", "cloud", "glacier", "spring")


@pytest.fixture
def gate() -> Iterator[Event]:
    """Keeps the second part of every answer back until it is set."""
    gate = Event()
    yield gate
    gate.set()


@pytest.fixture
def streaming(gate: Event) -> Iterator[ScriptedServer]:
    """A model that says what its prompt is about, in two parts."""

    def respond(request: Request):
        about = request.json["messages"][0]["content"]
        return in_two_parts(f"A {about} begins", f" and a {about} ends.", gate)

    with ScriptedServer(respond=respond) as server:
        yield server


def variant(about: str) -> Variant:
    return Variant(source=AdHocSpec(spec=AgentSpec(instructions=about, endpoint=ENDPOINT)), name=about)


def compared(app: RunningApp, server: ScriptedServer, *names: str) -> Comparison:
    with app.inside(server) as core:
        made = core.comparisons.create([variant(name) for name in names], "")
    assert isinstance(made, Ok)
    return made.value


def column(page: Page, name: str) -> Locator:
    """The card of a column at the newest message."""
    return page.locator("[class*='st-key-cell_']").filter(has_text=name).last


def said(page: Page, name: str) -> Locator:
    return column(page, name).locator(".answer .body").last


def ask(page: Page, message: str = "Tell me about it.") -> None:
    field = page.get_by_role("textbox", name="Message all columns")
    expect(field).to_be_enabled()
    field.fill(message)
    field.press("Enter")


def test_four_columns_stream_at_once_and_a_reload_in_the_middle_loses_nothing(
    own_app: RunningApp, page: Page, streaming: ScriptedServer, gate: Event
):
    comparison = compared(own_app, streaming, *NAMES)
    visit(page, f"{own_app.url}/compare?comparison={comparison.id}")
    ask(page)
    for name in NAMES:
        expect(said(page, name)).to_have_text(f"A {name} begins")
    expect(page.get_by_role("textbox", name="Message all columns")).to_be_disabled()

    page.reload()
    for name in NAMES:
        expect(said(page, name)).to_have_text(f"A {name} begins")
    gate.set()
    for name in NAMES:
        expect(said(page, name)).to_have_text(f"A {name} begins and a {name} ends.")
        expect(column(page, name).get_by_text("Done")).to_be_visible()
        expect(column(page, name).get_by_role("cell", name=re.compile("To first token"))).to_be_visible()
    assert len(streaming.requests) == len(NAMES)


def test_one_column_is_stopped_and_the_others_go_on(
    own_app: RunningApp, page: Page, streaming: ScriptedServer, gate: Event
):
    comparison = compared(own_app, streaming, *NAMES[:2])
    visit(page, f"{own_app.url}/compare?comparison={comparison.id}")
    ask(page)
    for name in NAMES[:2]:
        expect(said(page, name)).to_have_text(f"A {name} begins")
    column(page, "river").get_by_role("button", name="Stop").click()
    expect(column(page, "river").get_by_text("What had come until then is kept.")).to_be_visible()
    gate.set()
    expect(said(page, "cloud")).to_have_text("A cloud begins and a cloud ends.")
    expect(said(page, "river")).to_have_text("A river begins")


def test_on_a_phone_the_columns_lie_in_a_strip(own_app: RunningApp, page: Page, streaming: ScriptedServer, gate: Event):
    gate.set()
    comparison = compared(own_app, streaming, *NAMES)
    page.set_viewport_size({"width": 390, "height": 800})
    visit(page, f"{own_app.url}/compare?comparison={comparison.id}")
    ask(page)
    for name in NAMES:
        expect(said(page, name)).to_have_text(f"A {name} begins and a {name} ends.")
    tops = [box["y"] for name in NAMES if (box := column(page, name).bounding_box())]
    assert len(tops) == len(NAMES)
    assert max(tops) - min(tops) < 2
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
