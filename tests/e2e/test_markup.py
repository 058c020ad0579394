"""Markup in everything that people, models and tools write: on no screen does it run, become an element or call home."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from core.domain.variant import SavedSpec, Variant
from core.services.run_spec import StartRun
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import visit
from tests.support.answers import calls, text
from tests.support.scripted import ScriptedServer
from tests.support.workspace import ENDPOINT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_markup")]

BEACON = "http://127.0.0.1:9/beacon"
"""Nothing listens there; a request to it would be seen all the same."""
EVIL = (
    '"><img src=x data-evil onerror="window.evil=1"><script data-evil>window.evil=1</script>'
    f"<svg data-evil onload=window.evil=1> [go](javascript:window.evil=1) ![see]({BEACON}) $\\href{{javascript:evil}}{{x}}$"
)
SHORT = '<img src=x data-evil onerror="window.evil=1">'
ADDRESSES = (
    "",
    "agents",
    "agent?agent={agent}",
    "chat?conversation={conversation}",
    "runs",
    "run?run={run}",
    "prompts?kind=system&name={short}",
    "tools",
    "datasets?dataset={dataset}",
    "compare?comparison={comparison}",
    "settings?section=Models",
    "settings?section=Access",
)


@pytest.fixture(scope="module")
def ids(app: RunningApp) -> Iterator[dict[str, str]]:
    """Every text that a person can write, a model's answer and a tool's result, full of markup."""
    server = ScriptedServer().start()
    with app.inside(server) as core:
        yield written(core, server)
    server.stop()


def written(core: App, server: ScriptedServer) -> dict[str, str]:
    tool = ToolChoice("query_json")
    spec = AgentSpec(instructions=EVIL, endpoint=ENDPOINT, tools=(tool,), starters=(EVIL,))
    agent = ok(core.agents.create(SHORT, spec, SHORT, description=EVIL, tags=(SHORT[:30],)))
    conversation = core.conversations.create(agent.id, SHORT, title=EVIL)
    asked = json.dumps({"data": json.dumps([EVIL]), "expression": "[0]"})
    server.plan(calls(("query_json", asked), words=[EVIL]), text(EVIL))
    run = ok(core.runs.start(StartRun(input=EVIL, agent_id=agent.id, conversation_id=conversation.id, who=SHORT)))
    core.runs.wait(run.id, 30)
    view = core.runs.view(run.id)
    assert (view.run.status, view.state.steps[0].calls[0].finished.output.count("data-evil")) == ("done", 3)
    prompt = ok(core.prompts.save("system", SHORT, EVIL, (), SHORT, label=SHORT))
    dataset = ok(core.datasets.create(SHORT, SHORT, EVIL))
    core.datasets.add_runs(dataset.id, [run.id], SHORT)
    variants = [Variant(source=SavedSpec(agent_id=agent.id, revision=1), name=SHORT) for _ in range(2)]
    comparison = ok(core.comparisons.create(variants, SHORT, EVIL))
    ok(core.endpoints.add(SHORT, "http://127.0.0.1:9/v1", SHORT, model=SHORT))
    ok(core.secrets.set("EVIL_KEY", "the value of a secret", SHORT))
    found = {"agent": agent, "conversation": conversation, "run": run, "dataset": dataset, "comparison": comparison}
    return {name: str(one.id) for name, one in found.items()} | {"short": prompt.name}


def ok(result):
    assert isinstance(result, Ok), result
    return result.value


@pytest.mark.parametrize("address", ADDRESSES)
def test_markup_is_text_on_every_screen(
    app: RunningApp, ids: dict[str, str], context: BrowserContext, page: Page, address: str
):
    strange: list[str] = []
    page.on("dialog", lambda dialog: (strange.append(dialog.message), dialog.dismiss()))
    context.on("request", lambda request: strange.append(request.url) if BEACON in request.url else None)
    visit(page, f"{app.url}/{address.format(**ids)}")
    page.get_by_text("data-evil").first.wait_for(state="attached")
    assert page.evaluate("() => [window.evil, document.querySelectorAll('[data-evil]').length]") == [None, 0]
    assert page.locator("a[href^='javascript']").count() == 0
    assert strange == []
