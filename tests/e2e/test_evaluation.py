"""An evaluation in a browser: put together, started, killed twice with its server, and finished all the same."""

import re
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from core.domain.agent import AgentSpec
from core.domain.dataset import Item
from core.domain.result import Ok
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, visit
from tests.support.evaluations import asked
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import ENDPOINT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("e2e_evaluation"),
]

ITEMS = [Item(input=f"word{number}", expected=f"word{number}") for number in range(100)]
LONG_MS = 90_000


def test_two_hundred_cells_killed_twice_are_each_done_once(own_app: RunningApp, page: Page):
    with ScriptedServer(respond=lambda request: text(asked(request), " ", " ").paced(0.05)) as model:
        own_app.stop()
        with own_app.inside(model) as core:
            assert isinstance(core.agents.create("Echo", AgentSpec(endpoint=ENDPOINT), "ada"), Ok)
            assert isinstance(core.datasets.create("Words", "ada", items=ITEMS), Ok)
        own_app.start()
        visit(page, f"{own_app.url}/evaluation_new?dataset=Words&agent0=Echo&variants=2&agent1=Echo&parallel=8")
        expect(page.get_by_test_id("stMetric").filter(has_text="Runs")).to_contain_text("200")
        page.get_by_role("button", name="Start the evaluation").click()
        expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile(r"\d+ of 200 runs done"))

        for requests in (60, 130):
            model.wait_for(requests, 60)
            own_app.kill()
            own_app.start()

        page.reload()
        expect(page.get_by_role("button", name="Judge again")).to_be_visible(timeout=LONG_MS)
        idle(page)
        expect(page.get_by_text("cannot be told apart")).to_be_visible()
        with own_app.inside() as core:
            (evaluation,) = core.evaluations.list()
            lines = core.evaluations.lines(evaluation)
            views = core.runs.views(line.run_id for line in lines)
    again = sum(len(view.state.steps[0].model.attempts) - 1 for view in views)

    assert Counter((line.state, line.passed) for line in lines) == {("ended", True): 200}
    assert len({line.run_id for line in lines}) == 200
    assert again <= 16, "only what was under way when the server was killed is asked for again"
    assert 200 <= len(model.requests) <= 200 + again
