"""What a person waits for: the start, a token on its way to the screen, and the memory of the server.

    .venv/bin/python -m benchmarks.browser [start] [delay] [columns] [long] [memory]      default: all, about two minutes

The app is started as `make run` starts it, the model is the scripted server, the screen a headless Chromium. A token
is the instant it was sent at; the page notes at each frame which tokens stand in it, so a frame (17 ms) is part of it.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.loop import Process
from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.variant import AdHocSpec, Variant
from tests.e2e.conftest import QUIET, RunningApp, chromium, empty_home
from tests.e2e.steps import say, visit

RATE = 50
TOKENS = 200
LONG = 2_000
STARTS = 3
SESSIONS = 10
WATCH = """() => {
  window.seen = new Map();
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    const views = [...document.querySelectorAll('*')].filter((e) => e.shadowRoot?.querySelector('.answer .body'));
    for (const [place, view] of views.entries())
      for (const token of view.shadowRoot.querySelector('.body').textContent.match(/\\d{9,}/g) ?? [])
        if (!window.seen.has(place + ':' + token)) window.seen.set(place + ':' + token, now);
    requestAnimationFrame(look);
  };
  look();
}"""
SEEN = "() => [...window.seen].map(([key, at]) => [Number(key.split(':')[1]), at])"
WAIT_MS = 120_000
"""For the whole of an answer."""


@contextmanager
def screen() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        yield browser
        browser.close()


def with_endpoint(core: App, name: str, base_url: str) -> None:
    assert isinstance(core.endpoints.add(name, base_url, "benchmark", model="scripted"), Ok)


def late_ms(page: Page) -> list[float]:
    """How late each token stood on the screen, in their order."""
    epoch_ms = (time.time() - time.monotonic()) * 1000
    return [at - (sent_us / 1000 + epoch_ms) for sent_us, at in sorted(page.evaluate(SEEN))]


def said(label: str, late: list[float], target: str) -> None:
    p95 = quantiles(late, n=20)[-1]
    print(f"{label}: p50 {median(late):.0f} ms, p95 {p95:.0f} ms of {len(late):,} tokens (target: {target})")


def wait_for_tokens(page: Page, count: int) -> None:
    page.wait_for_function(f"() => window.seen.size >= {count}", timeout=WAIT_MS)


def asked(app: RunningApp, browser: Browser, base_url: str, endpoint: str) -> Page:
    """A chat with an agent of its own that was asked something just now."""
    with app.inside() as core:
        with_endpoint(core, endpoint, base_url)
        agent = core.agents.create(endpoint, AgentSpec(endpoint=endpoint, model="scripted"), "")
    assert isinstance(agent, Ok), agent
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    visit(page, f"{app.url}/chat?agent={agent.value.id}")
    page.evaluate(WATCH)
    say(page, "Count.", endpoint)
    return page


def delay(app: RunningApp, browser: Browser, server: str) -> None:
    """One answer at reading speed, and what its viewer costs the server."""
    base_url = f"{server}/c0-t{TOKENS}-w200-r{RATE}/v1"
    page = asked(app, browser, base_url, "at_reading_speed")
    page.wait_for_function("() => window.seen.size >= 1", timeout=WAIT_MS)
    before_s, began = cpu_s(app.pid), time.monotonic()
    wait_for_tokens(page, TOKENS)
    share = (cpu_s(app.pid) - before_s) / (time.monotonic() - began)
    said(f"one answer, {RATE} tokens/s", late_ms(page), "p50 60 ms, p95 150 ms")
    print(f"the server meanwhile: {share:.1%} of a core, the run and its viewer together (target: 5 % a viewer)")
    page.close()


def long(app: RunningApp, browser: Browser, server: str) -> None:
    """An answer of many tokens: its end must come no later than its beginning."""
    page = asked(app, browser, f"{server}/c0-t{LONG}-w200-r{2 * RATE}/v1", "long_answer")
    wait_for_tokens(page, LONG)
    late = late_ms(page)
    said(f"{LONG:,} tokens, the first {TOKENS}", late[:TOKENS], "as the last")
    said(f"{LONG:,} tokens, the last {TOKENS}", late[-TOKENS:], "as the first")
    page.close()


def columns(app: RunningApp, browser: Browser, server: str) -> None:
    """Four answers side by side, each at reading speed."""
    with app.inside() as core:
        with_endpoint(core, "columns", f"{server}/c0-t{TOKENS}-w200-r{RATE}/v1")
        spec = AgentSpec(endpoint="columns", model="scripted")
        made = core.comparisons.create([Variant(source=AdHocSpec(spec=spec), name=name) for name in "abcd"], "")
    assert isinstance(made, Ok), made
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    visit(page, f"{app.url}/compare?comparison={made.value.id}")
    page.evaluate(WATCH)
    field = page.get_by_role("textbox", name="Message all columns")
    field.fill("Count.")
    field.press("Enter")
    wait_for_tokens(page, 4 * TOKENS)
    said(f"four columns, {RATE} tokens/s each", late_ms(page), "p50 60 ms, p95 150 ms")
    page.close()


def memory(app: RunningApp, browser: Browser, _server: str) -> None:
    """The server with every screen open, and what each further session adds."""
    page = browser.new_page()
    for name in ("", "agents", "prompts", "tools", "chat", "compare", "evaluations", "runs", "settings"):
        visit(page, f"{app.url}/{name}")
    alone_mb = rss_mb(app.pid)
    contexts = [browser.new_context() for _ in range(SESSIONS)]
    for context in contexts:
        visit(context.new_page(), f"{app.url}/chat")
    each_mb = (rss_mb(app.pid) - alone_mb) / SESSIONS
    print(f"server: {alone_mb:.0f} MB after every screen (target: 250), {each_mb:.2f} MB a session more (target: 1)")
    for context in contexts:
        context.close()


def start(app: RunningApp, browser: Browser, _server: str) -> None:
    """On a home that was used before: from the command to the first screen."""
    healthy, painted = [], []
    for _ in range(STARTS):
        app.stop()
        began = time.monotonic()
        app.start()
        healthy.append(time.monotonic() - began)
        page = browser.new_page()
        page.goto(app.url)
        page.get_by_role("heading", level=1).or_(page.get_by_role("heading", level=2)).first.wait_for()
        painted.append(time.monotonic() - began)
        page.close()
    helps = [timed([sys.executable, "-m", "core", "--help"]) for _ in range(STARTS)]
    print(f"start to /healthz {min(healthy):.2f} s (target: 1.5), to the first screen {min(painted):.2f} s (target: 3)")
    print(f"python -m core --help {min(helps):.2f} s (target: 0.5)")


def timed(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[1])
    return time.monotonic() - began


def cpu_s(pid: int) -> float:
    return sum(psutil.Process(pid).cpu_times()[:2])


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1]) / 1024


PARTS: dict[str, Callable[[RunningApp, Browser, str], Any]] = {
    "start": start,
    "delay": delay,
    "columns": columns,
    "long": long,
    "memory": memory,
}


def main(wanted: list[str]) -> None:
    server = Process("server.py")
    try:
        with empty_home() as app, screen() as browser:
            app.start()
            for name in wanted:
                PARTS[name](app, browser, f"http://127.0.0.1:{server.greeting}")
    finally:
        server.close()


if __name__ == "__main__":
    main(sys.argv[1:] or list(PARTS))
