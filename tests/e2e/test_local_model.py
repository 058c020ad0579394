"""A download as a person sees it: it goes on while they look elsewhere, and after a kill -9 from where it was."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.clients.model_catalogue import CATALOGUE
from core.clients.model_files import Workplace
from core.clients.model_folder import ModelFolder
from tests.e2e.conftest import RunningApp, empty_home
from tests.e2e.steps import visit
from tests.support.hub import Hub, Waits

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_local_model")]
FIRST = CATALOGUE[0]
CAME = 40_000_000


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        hub.pretend(FIRST)
        yield hub


@pytest.fixture
def far(hub: Hub) -> Iterator[RunningApp]:
    """The app, its hub being ours."""
    with empty_home() as app:
        app.start(HF_ENDPOINT=hub.url)
        yield app


def test_a_download_outlives_a_reload_and_a_kill(far: RunningApp, hub: Hub, page: Page):
    never = threading.Event()
    hub.plan(Waits(CAME, never), Waits(CAME, never))
    screen = f"{far.url}/settings?section=Local"
    visit(page, screen)
    page.get_by_role("button", name="Download").first.click()
    expect(page.get_by_text("40.0 MB of 1.83 GB")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()

    visit(page, f"{far.url}/agents")
    visit(page, screen)
    expect(page.get_by_text("40.0 MB of 1.83 GB")).to_be_visible()
    assert len(hub.contents) == 1

    far.kill()
    far.start(HF_ENDPOINT=hub.url)
    visit(page, screen)
    page.get_by_role("button", name="Resume at 40.0 MB").click()
    expect(page.get_by_text("80.0 MB of 1.83 GB")).to_be_visible()
    assert hub.contents[1].headers["range"] == f"bytes={CAME}-"

    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name=re.compile("Resume at 80.0 MB|Stopping"))).to_be_visible()
    never.set()
    expect(page.get_by_role("button", name="Resume at")).to_be_visible()
    assert Workplace(ModelFolder(far.settings.home / "models"), FIRST).kept_bytes() >= 2 * CAME
