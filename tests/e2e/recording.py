"""The README's recording: a question with two tool calls, from the first key to the answer.

.venv/bin/python -m tests.e2e.recording        writes docs/screenshots/chat.webp
"""

import io
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import QUIET, ROOT, chromium, empty_home
from tests.e2e.steps import answer, start_chat, visit

PLACE = ROOT / "docs" / "screenshots" / "chat.webp"
QUESTION = "What is 17 % of 2,340? And how many kilometres are 26.2 miles?"
SIZE = {"width": 1100, "height": 700}
KEYS_AT_ONCE = 4
REST_MS = 3_000
"""How long the last picture stays."""


class Recording:
    """Pictures with the time that each stood there; one that shows nothing new prolongs the one before it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[Image.Image] = []
        self._began: list[float] = []
        self._last = b""

    def take(self) -> None:
        shot = self._page.screenshot()
        if shot != self._last:
            self._frames.append(Image.open(io.BytesIO(shot)).convert("RGB"))
            self._began.append(time.monotonic())
            self._last = shot

    def save(self, place: Path) -> None:
        stood_ms = [round((after - at) * 1000) for at, after in zip(self._began, self._began[1:], strict=False)]
        first, *others = self._frames
        first.save(
            place, save_all=True, append_images=others, duration=[*stood_ms, REST_MS], loop=0, quality=60, method=6
        )


def pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), KEYS_AT_ONCE):
        yield text[start : start + KEYS_AT_ONCE]


def record(page: Page, url: str) -> Recording:
    visit(page, f"{url}/agents")
    start_chat(page, "Number clerk")
    page.get_by_role("textbox", name="Message Number clerk").click()
    recording = Recording(page)
    recording.take()
    for piece in pieces(QUESTION):
        page.keyboard.insert_text(piece)
        recording.take()
    page.keyboard.press("Enter")
    done = answer(page).get_by_text("tokens")
    while not done.is_visible():
        recording.take()
    page.wait_for_timeout(500)
    recording.take()
    return recording


def main() -> None:
    with empty_home() as app, sync_playwright() as playwright:
        app.start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        record(page, app.url).save(PLACE)
        browser.close()


if __name__ == "__main__":
    main()
