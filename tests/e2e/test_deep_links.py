"""Every address on a server that has just started, who may reach it, and what a page may load."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.web.headers import POLICY
from tests.e2e.conftest import STOP_LIMIT_S, RunningApp, empty_home
from tests.e2e.steps import answer, go_to, said, say, visit
from tests.support.scripted import Answer, ScriptedServer, calls, chunk, status, stream, text, usage_chunk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_deep_links")]

SCREENS = [
    "Home",
    "Agents",
    "Prompts",
    "Tools",
    "Knowledge",
    "Datasets",
    "Chat",
    "Compare",
    "Evaluations",
    "Runs",
    "Settings",
]
NOBODY = "0199c0de-0000-7000-8000-000000000000"
ADDRESSES = {
    "": "Good (morning|afternoon|evening)",
    "agents": "Agents",
    f"agent?agent={NOBODY}": "Agent",
    "prompts": "Prompts",
    "tools?tool=calculator": "calculator",
    f"chat?conversation={NOBODY}": "New chat",
    "compare": "Compare",
    "knowledge": "Knowledge",
    "datasets": "Datasets",
    "evaluations": "Evaluations",
    f"evaluation?evaluation={NOBODY}": "Evaluation",
    "evaluation_new": "New evaluation",
    "runs": "Runs",
    f"run?run={NOBODY}": "Run",
    "settings?section=Health": "Settings",
    "no-such-screen": "Good (morning|afternoon|evening)",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_is_a_whole_screen_even_as_the_first_of_a_new_process(app: RunningApp, page: Page, address: str):
    app.kill()
    app.start()
    page.goto(f"{app.url}/{address}")
    heading = re.compile(f"^{ADDRESSES[address]}$")
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    expect(page.get_by_role("img", name="Logo")).to_be_visible()
    links = page.get_by_role("navigation").get_by_role("link")
    expect(links).to_have_text([re.compile(f"{title}$") for title in SCREENS])


@pytest.fixture
def watched(page: Page, context: BrowserContext, app: RunningApp) -> Iterator[Page]:
    """A tab that reaches nothing but its own server, and whose policy never has to stop anything."""
    foreign: list[str] = []
    host = urlsplit(app.url).netloc

    def look(url: str) -> None:
        if urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != host:
            foreign.append(url)

    def asked(request: Request) -> None:
        look(request.url)

    context.on("request", asked)
    page.on("websocket", lambda socket: look(socket.url))
    stopped: list[str] = []
    page.on("console", lambda line: stopped.append(line.text) if is_violation(line.text) else None)
    yield page
    assert not foreign
    assert not stopped


def is_violation(line: str) -> bool:
    """Whether the browser had to step in. A base in the document in which text is sanitized is not the page's."""
    return "Content Security Policy" in line and "base-uri" not in line


def test_clicking_through_everything_reaches_no_other_host(app: RunningApp, watched: Page):
    visit(watched, app.url)
    for title in SCREENS[1:]:
        go_to(watched, title)
        expect(watched.get_by_role("heading", level=1)).to_have_text("New chat" if title == "Chat" else title)
    for part in ("Secrets", "Health", "About"):
        watched.get_by_role("radio", name=part).click()
        expect(watched.get_by_role("radio", name=part)).to_be_checked()
    go_to(watched, "Tools")
    watched.get_by_role("button", name="Try it").first.click()
    expect(watched.get_by_role("button", name="Call it")).to_be_visible()
    go_to(watched, "Agents")
    watched.get_by_role("button", name="Edit").first.click()
    for part in ("Model", "Tools", "Limits", "Starters", "Revisions"):
        watched.get_by_role("tab", name=part).click()
        expect(watched.get_by_role("tabpanel", name=part)).not_to_be_empty()


def test_the_policy_is_on_every_answer(app: RunningApp):
    for path in ("/", "/runs", "/healthz", "/assets/logo.svg", "/assets/nothing", "/_stcore/health"):
        assert policy_of(f"{app.url}{path}") == POLICY, path
    assert "unsafe-eval" not in POLICY.replace("wasm-unsafe-eval", "")


def policy_of(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=10) as found:
            return found.headers["content-security-policy"]
    except urllib.error.HTTPError as error:
        return error.headers["content-security-policy"]


ELSEWHERE = "http://elsewhere.test"
HOSTILE = f"""It looks harmless.

<script>window.hacked = 'script'</script>
<img src="{ELSEWHERE}/a.png" onerror="window.hacked = 'image'">
<svg onload="window.hacked = 'svg'"><script>window.hacked = 'svg script'</script></svg>
<iframe srcdoc="<script>parent.hacked = 'frame'</script>" src="{ELSEWHERE}/frame"></iframe>
<style>@import url('{ELSEWHERE}/a.css'); body, * {{ display: none !important; }}</style>
<link rel="stylesheet" href="{ELSEWHERE}/b.css"><base href="{ELSEWHERE}/">
<meta http-equiv="refresh" content="0;url={ELSEWHERE}/gone">
<form action="{ELSEWHERE}/form"><input name="q" autofocus onfocus="window.hacked = 'focus'"><button>Go</button></form>
<a href="javascript:window.hacked = 'raw link'">a raw link</a> <b onclick="window.hacked = 'click'">bold</b>

![an image]({ELSEWHERE}/b.png) [a link](javascript:window.hacked='link') [data](data:text/html,<script>alert(1)</script>)
[tab](java\tscript:window.hacked='tab') <javascript:window.hacked='auto'> :material/home: :red[red] $\\unicode{{x}}$

```mermaid
graph TD; A["<img src={ELSEWHERE}/c.png onerror=window.hacked='mermaid'>"] --> B
```
"""
SHORT = f"<img src={ELSEWHERE}/n.png onerror=window.hacked=1> ![x]({ELSEWHERE}/m.png)"

HOSTILE_API = {
    "openapi": "3.1.0",
    "info": {"title": SHORT, "version": "1", "description": HOSTILE},
    "servers": [{"url": "https://api.example.org"}],
    "paths": {
        "/x": {
            "get": {
                "operationId": "hostile",
                "summary": SHORT,
                "description": HOSTILE,
                "parameters": [
                    {"name": "word", "in": "query", "description": HOSTILE, "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": HOSTILE}},
            }
        }
    },
}


def harmless(page: Page, app: RunningApp) -> None:
    """Nothing ran, nothing was built that could run or load, and the page is still the page."""
    assert page.evaluate("window.hacked") is None
    assert page.url.startswith(app.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for built in (
        "script >> text=hacked",
        "iframe",
        "base",
        "meta[http-equiv=refresh]",
        f"form[action*='{ELSEWHERE}']",
    ):
        expect(page.locator(built)).to_have_count(0)
    for loading in ("img[src*='elsewhere']", "link[href*='elsewhere']", "[onerror]", "[onclick]", "[onload]"):
        expect(page.locator(loading)).to_have_count(0)
    for scheme in ("javascript", "data", "java"):
        expect(page.locator(f"a[href^='{scheme}' i]")).to_have_count(0)


def hostile_thoughts() -> Answer:
    deltas = [chunk({"reasoning_content": HOSTILE}), chunk({"content": HOSTILE})]
    return stream(*deltas, chunk({}, "stop"), usage_chunk(), "[DONE]")


HOSTILE_ANSWERS = {
    "text and thoughts": (hostile_thoughts(), None),
    "arguments": (calls(("calculator", '{"expression": "<img src=x onerror=window.hacked=1>"}')), text(HOSTILE)),
    "a tool's name": (calls((SHORT, "{}")), text(HOSTILE)),
    "an error": (status(400, {"error": {"message": HOSTILE}}), None),
    "an error page": (status(502, f"<html><body>{HOSTILE}</body></html>"), None),
}


@pytest.mark.parametrize("case", HOSTILE_ANSWERS)
def test_what_a_model_writes_neither_runs_nor_loads_anything(
    app: RunningApp, watched: Page, model: ScriptedServer, case: str
):
    model.plan(*(planned for planned in HOSTILE_ANSWERS[case] if planned is not None))
    visit(watched, f"{app.url}/chat")
    say(watched, "Say something harmful.")
    expect(answer(watched).get_by_text("It looks harmless.").filter(visible=True).first).to_be_visible()
    expect(watched.get_by_role("button", name="Stop")).to_be_hidden()
    harmless(watched, app)
    for link in said(watched).get_by_role("link").all() if "error" not in case else ():
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")

    watched.get_by_role("link", name="Open the run").click()
    watched.wait_for_url(re.compile("/run[?]"))
    for part in ("Sent", "Received", "Answer"):
        watched.get_by_role("radio", name=part).click()
        expect(watched.get_by_role("radio", name=part)).to_be_checked()
        harmless(watched, app)


def test_what_people_write_neither_runs_nor_loads_anything(app: RunningApp, watched: Page, model: ScriptedServer):
    with app.inside() as core:
        spec = AgentSpec(instructions=HOSTILE, starters=(SHORT, HOSTILE))
        made = core.agents.create(SHORT, spec, SHORT, description=HOSTILE, tags=(SHORT,))
        assert isinstance(made, Ok), made
        assert isinstance(core.prompts.save("system", SHORT, HOSTILE, (), SHORT), Ok)
    model.plan(text(HOSTILE))
    visit(watched, f"{app.url}/chat?agent={made.value.id}")
    harmless(watched, app)
    say(watched, HOSTILE)
    expect(said(watched)).to_contain_text("It looks harmless.")
    harmless(watched, app)
    for address in ("", "agents", f"agent?agent={made.value.id}", "prompts", "runs"):
        visit(watched, f"{app.url}/{address}")
        harmless(watched, app)
    see_a_copy_made(watched, f"{app.url}/agent?agent={made.value.id}")
    harmless(watched, app)


def see_a_copy_made(page: Page, editor: str) -> None:
    """What is said afterwards names the agent."""
    visit(page, editor)
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Duplicate").or_(page.get_by_role("option", name="Duplicate")).click()
    expect(page.get_by_text("This is the copy")).to_be_visible()


def test_what_an_api_document_says_neither_runs_nor_loads_anything(app: RunningApp, watched: Page):
    with app.inside() as core:
        assert isinstance(core.tools.import_openapi(json.dumps(HOSTILE_API), SHORT), Ok)
    for address in ("tools", "tools?tool=hostile"):
        visit(watched, f"{app.url}/{address}")
        harmless(watched, app)
    watched.get_by_role("button", name=re.compile("^Help for word")).hover()
    expect(watched.get_by_role("tooltip")).to_be_visible()
    harmless(watched, app)


@pytest.fixture
def stopped_app() -> Iterator[RunningApp]:
    with empty_home() as app:
        yield app


def test_without_a_password_it_refuses_to_listen_to_others_and_says_why(stopped_app: RunningApp):
    process = stopped_app.launch("--server.address=0.0.0.0")
    assert process.wait(STOP_LIMIT_S) != 0
    log = " ".join(stopped_app.log().split())
    assert "does not listen on 0.0.0.0 without a login" in log
    assert "ARYABHATTA_PASSWORD" in log
    assert "--server.address 127.0.0.1" in log


def test_with_a_password_it_asks_everybody_for_it(stopped_app: RunningApp, page: Page):
    stopped_app.start("--server.address=0.0.0.0", ARYABHATTA_PASSWORD="open sesame")
    page.goto(f"{stopped_app.url}/runs")
    sign_in(page, "Ada", "guess")
    expect(page.get_by_text("That name and password do not belong together.")).to_be_visible()
    sign_in(page, "Ada", "open sesame")
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_text("Ada")).to_be_visible()


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
