"""Every screen at three widths in both themes: whole, without a fault, nothing sticking out. And the README's pictures.

UPDATE_SCREENSHOTS=1 writes the pictures to docs/screenshots, otherwise they are only taken.
"""

import io
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.comparison import Comparison
from core.domain.knowledge import Collection
from core.domain.result import Ok
from core.domain.run import Conversation, Run
from core.domain.variant import Overrides, ParameterChanges, SavedSpec, Variant
from core.services.runs import StartRun
from tests.e2e.conftest import LONGEST_MS, ROOT, RunningApp
from tests.e2e.steps import visit
from tests.support.knowledge import HANDBOOK, made

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_screenshots")]

RUN_LIMIT_S = 30
HEIGHT, DESK, LAPTOP, PHONE = 900, 1440, 1024, 390
MOST_BYTES = 200_000
TWO_TOOLS = "What is 17 % of 2,340? And how many kilometres are 26.2 miles?"
QUESTIONS = (
    ("Note keeper", "Note: the key is under the blue flower pot."),
    ("Day planner", "How many days are there between 2026-01-01 and 2026-12-24?"),
    ("Number clerk", "Convert 12 inches to centimetres."),
    ("Note keeper", "How many words has the sentence: brevity is the soul of wit?"),
    ("Day planner", "How many days are there between 2026-06-21 and 2026-12-21?"),
    ("Number clerk", TWO_TOOLS),
)

_STILL = """() => {
  const shape = [document.body.innerText.length, document.querySelector('[data-testid=stMain]')?.scrollHeight].join();
  window.still = window.shape === shape && document.fonts.status === 'loaded'
    && !document.querySelector('[data-testid=stSkeleton]') ? (window.still ?? 0) + 1 : 0;
  window.shape = shape;
  return window.still > 10;
}"""
_STICKS_OUT = """() => {
  const wide = ['stApp', 'stAppViewContainer', 'stMain', 'stMainBlockContainer', 'stBottom'];
  const boxes = [document.documentElement, ...wide.flatMap((id) => [...document.querySelectorAll(`[data-testid=${id}]`)])];
  const found = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0)
    .map((box) => `${box.dataset.testid ?? 'page'} is ${box.scrollWidth} px wide in ${box.clientWidth}`);
  const scrolls = (element) => element && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  for (const element of document.querySelectorAll('[data-testid=stMainBlockContainer] *')) {
    const box = element.getBoundingClientRect();
    if (box.width && box.right > innerWidth + 1 && !scrolls(element.parentElement.closest('[data-testid=stMainBlockContainer] *')))
      found.push(`${element.dataset.testid ?? element.tagName} ends at ${Math.round(box.right)} px`);
  }
  return found;
}"""


@dataclass(frozen=True)
class Scene:
    """What the pictures show."""

    agent: Agent
    conversation: Conversation
    run: Run
    tried: Run
    comparison: Comparison
    collection: Collection

    def addresses(self) -> dict[str, str]:
        return {
            "home": "",
            "chat": f"chat?conversation={self.conversation.id}",
            "agent": f"agent?agent={self.agent.id}&try={self.tried.id}",
            "runs": "runs",
            "run": f"run?run={self.run.id}",
            "settings": "settings",
            "compare": f"compare?comparison={self.comparison.id}",
            "comparisons": "compare",
            "column": f"compare?comparison={self.comparison.id}&column={self.comparison.columns[1].id}",
            "agents": "agents",
            "new chat": f"chat?agent={self.agent.id}",
            "prompts": "prompts",
            "tools": "tools",
            "tool": "tools?tool=query_table",
            "knowledge": "knowledge",
            "collection": f"knowledge?collection={self.collection.id}&q=How+long+does+a+refund+take",
            "secrets": "settings?section=Secrets",
            "health": "settings?section=Health",
            "about": "settings?section=About",
        }


@pytest.fixture(scope="module")
def scene(app: RunningApp) -> Scene:
    """Six conversations with the demo model, and an agent with a draft that was tried."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "laptop")  # a worker's name stands in the pictures
        return play(app)


def play(app: RunningApp) -> Scene:
    with app.inside() as core:
        talks = [talk(core, name, question) for name, question in QUESTIONS]
        conversation, run = talks[-1]
        agent = core.agents.by_name("Number clerk")
        assert agent is not None
        spec = core.agents.live_spec(agent)
        calmer = spec.instructions.replace("in one short sentence", "in one short sentence, units included")
        draft = core.agents.save_draft(agent.id, msgspec.structs.replace(spec, instructions=calmer), "")
        assert isinstance(draft, Ok), draft
        tried = finished(core, StartRun(input=TWO_TOOLS, kind="try", agent_id=agent.id, spec=draft.value.draft))
        assert isinstance(core.prompts.save("system", "Careful clerk", calmer, (), ""), Ok)
        comparison = compared(core, agent)
        collection = made(core, handbook_md=HANDBOOK, broken_txt=b"\xff", photo_png=b"x")
    return Scene(agent, conversation, run, tried, comparison, collection)


def compared(core: App, agent: Agent) -> Comparison:
    """The agent as it is, with a short prompt, and warmer."""
    changes = (
        Overrides(),
        Overrides(instructions="Use the calculator and convert_units. Answer with the numbers alone."),
        Overrides(parameters=ParameterChanges(temperature=0.9)),
    )
    names = ("", "Short prompt", "Warmer")
    source = SavedSpec(agent_id=agent.id, revision=1)
    variants = [Variant(source=source, changes=one, name=name) for one, name in zip(changes, names, strict=True)]
    made = core.comparisons.create(variants, "", "Short or long prompt?")
    assert isinstance(made, Ok), made
    sent = core.comparison_runs.send(made.value.id, TWO_TOOLS, "")
    assert isinstance(sent, Ok), sent
    for run in sent.value.runs():
        core.runs.wait(run, RUN_LIMIT_S)
    return sent.value


def talk(core: App, name: str, question: str) -> tuple[Conversation, Run]:
    agent = core.agents.by_name(name)
    assert agent is not None
    conversation = core.conversations.create(agent.id, "", title=question)
    return conversation, finished(core, StartRun(input=question, agent_id=agent.id, conversation_id=conversation.id))


def finished(core: App, start: StartRun) -> Run:
    started = core.runs.start(start)
    assert isinstance(started, Ok), started
    run = core.runs.wait(started.value.id, RUN_LIMIT_S)
    assert run is not None
    assert run.status == "done", run
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ROOT / "docs" / "screenshots" if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path


@pytest.fixture
def screen(browser: Browser, theme: str, widths: list[int]) -> Iterator[Page]:
    """A window of the first width, somewhere where it is morning."""
    hours_ahead = max(10 - datetime.now(UTC).hour, -12)
    context = browser.new_context(
        viewport={"width": widths[0], "height": HEIGHT},
        color_scheme=theme,
        timezone_id=f"Etc/GMT{-hours_ahead:+d}",
        reduced_motion="reduce",
    )
    context.set_default_timeout(LONGEST_MS)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("widths", [[DESK, LAPTOP], [PHONE]], ids=["desk", "phone"])
def test_every_screen_is_whole(
    app: RunningApp, scene: Scene, screen: Page, folder: Path, theme: str, widths: list[int]
):
    wrong: dict[tuple[str, int], list[str]] = {}
    for name, address in scene.addresses().items():
        screen.set_viewport_size({"width": widths[0], "height": HEIGHT})
        visit(screen, f"{app.url}/{address}")
        for width in widths:
            screen.set_viewport_size({"width": width, "height": HEIGHT})
            screen.wait_for_function(_STILL)
            if found := [*faults(screen), *screen.evaluate(_STICKS_OUT)]:
                wrong[name, width] = found
            if picture := picture_of(name, theme, width):
                keep(screen, folder / picture)
    assert not wrong


def faults(screen: Page) -> list[str]:
    """What a screen says when it failed."""
    failed = screen.get_by_test_id("stException").or_(screen.get_by_text("Something went wrong here"))
    return failed.all_inner_texts()


def picture_of(name: str, theme: str, width: int) -> str:
    """The file's name, or nothing where the README shows no picture."""
    if width == PHONE:
        return f"chat-{PHONE}-{theme}.png" if name == "chat" else ""
    is_shown = width == DESK and name in {"home", "chat", "agent", "runs", "run", "settings", "compare"}
    return f"{name}-{theme}.png" if is_shown else ""


def keep(screen: Page, file: Path) -> None:
    """The window from its top, as a small file."""
    screen.mouse.move(0, 0)
    screen.evaluate("() => document.querySelectorAll('[data-testid=stMain]').forEach((main) => main.scrollTo(0, 0))")
    picture = Image.open(io.BytesIO(screen.screenshot(animations="disabled")))
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").save(file, optimize=True)
    assert file.stat().st_size < MOST_BYTES
