"""Settings, Logs: the newest lines, filtered, escaped, with their runs."""

import logging

import pytest
from streamlit.testing.v1 import AppTest

from core import logs
from core.bootstrap import App
from tests.pages.conftest import Open

EVIL = "<img src=x onerror=alert(1)> said the tool"


@pytest.fixture
def lines(app: App):
    logs.configure("debug", aloud="error", home=app.settings.home)
    log = logging.getLogger("core.test")
    log.debug("a detail")
    log.info(EVIL)
    logs.RUN.set("01890a5d-ac96-774b-bcce-b302099a8057")
    log.error("it broke")
    logs.RUN.set("")
    yield
    logs.configure()


def _screen(open_page: Open) -> AppTest:
    return open_page("settings").segmented_control(key="section").set_value("Logs").run()


def drawn(page) -> str:
    assert not page.exception
    return "".join(one.value for one in page.get("html"))


def test_lines_are_escaped_filtered_and_lead_to_their_run(lines, open_page: Open):
    page = _screen(open_page)
    shown = drawn(page)
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
    assert 'href="/run?run=01890a5d-ac96-774b-bcce-b302099a8057"' in shown
    assert "a detail" not in shown
    assert shown.index("it broke") < shown.index("said the tool")
    page.segmented_control(key="logs_level").set_value("error").run()
    assert "said the tool" not in drawn(page)
    page.text_input(key="logs_search").set_value("nowhere").run()
    assert "No line fits." in [one.value.split("[")[-1].rstrip("]") for one in page.markdown]


def test_the_lines_of_one_run(lines, open_page: Open):
    shown = drawn(_screen(open_page).text_input(key="logs_run").set_value("01890a5d-ac96").run())
    assert "it broke" in shown
    assert "said the tool" not in shown
