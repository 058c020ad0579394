"""A download as a person sees it: it goes on while they look elsewhere, and after a kill -9 from where it was."""

import re
import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from core.clients.model_catalogue import CATALOGUE
from core.clients.model_files import Workplace
from core.clients.model_folder import ModelFolder
from tests.e2e.conftest import RunningApp, empty_home
from tests.e2e.steps import answer, said, say, visit
from tests.support.gguf import weights
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


def _delete_button(page: Page) -> Locator:
    return page.locator('[class*="st-key-delete_"] button:visible').first


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
    place = Workplace(ModelFolder(far.settings.home / "models"), FIRST)
    assert place.kept_bytes() >= 2 * CAME

    _delete_button(page).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What was downloaded so far is deleted.")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Resume at")).to_have_count(0)
    assert place.kept_bytes() == 0


@pytest.mark.model
def test_a_file_of_ones_own_answers_in_the_chat_and_is_let_go(far: RunningApp, page: Page):
    small = far.settings.home / "small.gguf"
    shutil.copy(weights(), small)
    screen = f"{far.url}/settings?section=Local"
    visit(page, screen)
    page.get_by_role("button", name="Add a file").click()
    page.get_by_label("Path of the file").fill(str(small))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Not running")).to_be_visible()
    expect(page.get_by_text("Answers now")).to_be_visible()

    visit(page, f"{far.url}/chat")
    say(page, "Say hello.")
    expect(answer(page).get_by_text("This model cannot call tools")).to_be_visible()
    expect(said(page)).not_to_be_empty()
    visit(page, screen)
    expect(page.get_by_text("Running")).to_be_visible()

    _delete_button(page).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The file itself stays where it is")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Running")).to_have_count(0)
    assert small.is_file()
