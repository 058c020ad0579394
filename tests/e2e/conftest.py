"""A real browser on the app, started as `make run` starts it, on an empty home."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.bootstrap import App
from core.settings import Settings
from tests.support.scripted import ScriptedServer
from tests.support.workspace import workspace

ROOT = Path(__file__).parent.parent.parent
START_LIMIT_S = 60
STOP_LIMIT_S = 30
LONGEST_MS = 30_000
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class RunningApp:
    """One server process on a home of its own. It can be killed and started again on the same home and port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        return kept | {"HOME": str(self.home), "ARYABHATTA_HOME": str(self.settings.home)}

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home / "data")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *options: str, **environment: str) -> None:
        process = self.launch(*options, **environment)
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers():
            assert process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def launch(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the process, whatever becomes of it."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={self.port}", *options]
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment | environment, stdout=log, stderr=log
            )
        return self._process

    def kill(self) -> None:
        """kill -9, in the middle of whatever it is doing."""
        self._end(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        self._end(how)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m core …` on the same home."""
        command = [sys.executable, "-m", "core", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True, timeout=60
        )

    @contextmanager
    def inside(self, model: ScriptedServer | None = None) -> Iterator[App]:
        """The services on the same home, seen from another process; with `model` as an endpoint."""
        with workspace(self.settings, model) as core:
            yield core

    def log(self) -> str:
        return (self.home / "server.log").read_text()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_LIMIT_S)
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def empty_home() -> Iterator[RunningApp]:
    """An app that was never started. Whatever it was made to do, no screen and no task may have crashed."""
    home = Path(tempfile.mkdtemp(prefix="an empty home "))
    home.chmod(0o755)
    app = RunningApp(home)
    try:
        yield app
        app.stop()
        _, crashed, trace = app.log().partition("Traceback")
        assert not crashed, trace
    finally:
        app.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    """One server for the tests of a file that leave it running."""
    with empty_home() as app:
        app.start()
        yield app


@pytest.fixture
def own_app() -> Iterator[RunningApp]:
    """A server of the test's own, to be killed or set up in another way."""
    with empty_home() as app:
        app.start()
        yield app


@pytest.fixture(scope="module")
def scripted(app: RunningApp) -> Iterator[ScriptedServer]:
    """A scripted model that answers wherever an agent names none."""
    server = ScriptedServer().start()
    with app.inside(server):
        pass
    yield server
    server.stop()


@pytest.fixture
def model(scripted: ScriptedServer) -> Iterator[ScriptedServer]:
    """The scripted model, with exactly the requests that the test planned."""
    scripted.requests.clear()
    yield scripted
    scripted.verify()


def chromium() -> str | None:
    """The machine's own; None: the one that playwright brought."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one file, not of the session: playwright's event loop would stand in the way of asynchronous tests."""
    expect.set_options(timeout=LONGEST_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(LONGEST_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """One tab, in which no script may fail."""
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    assert not failures
