"""axe-core over every screen, empty and filled, light and dark: nothing serious, nothing critical."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import LONGEST_MS, RunningApp
from tests.e2e.steps import visit
from tests.e2e.test_screenshots import _STILL, Scene, play

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_accessibility")]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
_CHECK = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
  .filter((one) => ['serious', 'critical'].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) => {
    const target = node.target.flat();
    const element = target.length === 1 && document.querySelector(target[0]);
    const inside = element ? element.closest('[data-testid]')?.dataset.testid ?? '' : '';
    return { rule: one.id, target: target.join(' '), html: node.html, why: node.failureSummary, inside };
  }))"""
EMPTY = {
    "home": "",
    "agents": "agents",
    "prompts": "prompts",
    "tools": "tools",
    "knowledge": "knowledge",
    "datasets": "datasets",
    "new chat": "chat",
    "compare": "compare",
    "evaluations": "evaluations",
    "new evaluation": "evaluation_new",
    "runs": "runs",
    "run": "run",
    "settings": "settings",
    **{section: f"settings?section={section}" for section in ("Secrets", "Health", "About")},
    "http tool": "tools?new=http",
    "mcp server": "tools?new=mcp",
    "python tool": "tools?new=python",
}


class Known(NamedTuple):
    """What Streamlit draws itself and offers no way to change: one rule at one kind of element, and why."""

    rule: str
    inside: str
    """The nearest name that Streamlit gives: `data-testid`."""
    why: str


_SECTIONS = "the sidebar's list of screens holds its sections directly; st.navigation draws it"
KNOWN = (
    Known("list", "stSidebarNavItems", _SECTIONS),
    Known("listitem", "stSidebarNavItems", _SECTIONS),
)


@pytest.fixture
def page(browser: Browser, theme: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    context.set_default_timeout(LONGEST_MS)
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    page.wait_for_function(_STILL)
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(_CHECK)
    return [
        f"{one['rule']} in {one['inside']} at {one['target']}: {one['html'][:300]} {one['why'][:300]}"
        for one in found
        if not any((known.rule, known.inside) == (one["rule"], one["inside"]) for known in KNOWN)
    ]


def check(page: Page, app: RunningApp, addresses: dict[str, str]) -> None:
    """Fails with every finding on every screen, each once."""
    wrong: dict[str, list[str]] = {}
    for name, address in addresses.items():
        visit(page, f"{app.url}/{address}")
        for found in violations(page):
            wrong.setdefault(found, []).append(name)
    assert not wrong, "\n".join(f"{', '.join(names)}: {found}" for found, names in wrong.items())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_empty_workspace_is_open_to_everybody(app: RunningApp, page: Page, theme: str):
    check(page, app, EMPTY)


@pytest.fixture(scope="module")
def scene(app: RunningApp) -> Scene:
    return play(app)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_filled_workspace_is_open_to_everybody(app: RunningApp, scene: Scene, page: Page, theme: str):
    check(page, app, scene.addresses())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_finder_is_open_to_everybody(app: RunningApp, scene: Scene, page: Page, theme: str):
    visit(page, app.url)
    page.get_by_role("button", name="Find anything").click()
    page.get_by_role("dialog", name="Find anything").get_by_role("option").first.wait_for()
    assert violations(page) == []
