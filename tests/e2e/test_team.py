"""A team's server as it is started, with three people: over plain HTTP, over WebSockets, and in a browser."""

import http.client
import re
import subprocess
import sys
import time
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core.domain.result import Ok
from core.services.run_spec import StartRun
from tests.e2e.conftest import LONGEST_MS, ROOT, RunningApp
from tests.e2e.steps import idle, visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_team")]

PASSWORD = "correct horse battery"
SHUT_OUT_S = 20.0
PEOPLE = {"Ada": "operator", "Ben": "builder", "Vic": "viewer"}
CHANGES = re.compile(
    r"\b(New|Edit|Again|Stop|Resume|Run again|Compare|Add|Branch off|Approve|Deny|Judge|Rename|Archive|Share|Save|Delete|Good answer|Bad answer)\b"
)
NOBODY = "0199c0de-0000-7000-8000-000000000000"
HERE, IN, BARRED, GONE, LOGIN = {200, 204}, {200, 404}, {403}, {404}, {401}
TABLE = [  # method, address, then what nobody, a viewer, a builder and an operator are answered
    ("GET", "/healthz", HERE, HERE, HERE, HERE),
    ("GET", "/_stcore/health", HERE, HERE, HERE, HERE),
    ("GET", "/login", HERE, HERE, HERE, HERE),
    ("GET", "/share/" + "x" * 43, GONE, GONE, GONE, GONE),
    ("GET", "/share/x/files/" + "0" * 64, GONE, GONE, GONE, GONE),
    ("GET", "/v1/models", LOGIN, LOGIN, LOGIN, LOGIN),
    ("GET", "/", LOGIN, HERE, HERE, HERE),
    ("GET", "/settings", LOGIN, HERE, HERE, HERE),
    ("GET", "/account", LOGIN, HERE, HERE, HERE),
    ("GET", "/assets/copy.js", LOGIN, HERE, HERE, HERE),
    ("GET", "/api/attachments/" + "0" * 64, LOGIN, GONE, GONE, GONE),
    ("GET", "/media/x.png", LOGIN, IN, IN, IN),
    ("GET", "/component/x/y.js", LOGIN, IN, IN, IN),
    ("GET", "/_stcore/bidi-components/x/y.js", LOGIN, IN, IN, IN),
    ("GET", "/_stcore/host-config", LOGIN, HERE, HERE, HERE),
    ("GET", "/_stcore/metrics", LOGIN, BARRED, BARRED, IN),
    ("GET", "/api/backups/x.zip", LOGIN, BARRED, BARRED, GONE),
    ("PUT", "/_stcore/upload_file/x/y", LOGIN, BARRED, {400, 403}, {400, 403}),
    ("DELETE", "/_stcore/upload_file/x/y", LOGIN, BARRED, {204, 403}, {204, 403}),
    ("POST", "/_stcore/agent/mcp", LOGIN, BARRED, BARRED, BARRED),
    ("POST", "/_stcore/agent/interact", LOGIN, BARRED, BARRED, BARRED),
    ("GET", "/auth/login", LOGIN, BARRED, BARRED, BARRED),
    ("GET", "/oauth2callback", LOGIN, BARRED, BARRED, BARRED),
    ("POST", "/", LOGIN, BARRED, BARRED, BARRED),
    ("PUT", "/unheard-of", LOGIN, BARRED, BARRED, BARRED),
]


@pytest.fixture(scope="module")
def team(app: RunningApp) -> RunningApp:
    for name, role in PEOPLE.items():
        command = [sys.executable, "-m", "core", "person", "add", name, "--role", role]
        subprocess.run(command, cwd=ROOT, env=app.environment, input=PASSWORD, text=True, check=True, timeout=60)
    app.stop()
    app.start()  # so that nothing of before is remembered
    return app


@pytest.fixture(scope="module")
def cookies(team: RunningApp) -> dict[str, str]:
    """By role; of nobody there is none."""
    return {"": ""} | {role: signed_in(team, name) for name, role in PEOPLE.items()}


def ask(
    team: RunningApp, method: str, path: str, cookie: str = "", body: str = "", **headers: str
) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", team.port, timeout=30)
    connection.request(method, path, body or None, headers | ({"cookie": cookie} if cookie else {}))
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, text, answer.getheader("set-cookie") or ""


def signed_in(team: RunningApp, name: str) -> str:
    form = urlencode({"name": name, "password": PASSWORD})
    status, _, cookie = ask(team, "POST", "/login", "", form, **{"content-type": "application/x-www-form-urlencoded"})
    assert status == 303
    return cookie.partition(";")[0]


@pytest.mark.parametrize(("method", "path", "nobody", "viewer", "builder", "operator"), TABLE)
def test_each_route_answers_each_role_as_the_table_says(
    team: RunningApp, cookies: dict[str, str], method: str, path: str, nobody, viewer, builder, operator
):
    expected = {"": nobody, "viewer": viewer, "builder": builder, "operator": operator}
    found = {role: ask(team, method, path, cookies[role])[0] for role in expected}
    assert {role: status for role, status in found.items() if status not in expected[role]} == {}


@pytest.mark.parametrize("path", ["/_stcore/stream", f"/api/runs/{NOBODY}/ws"])
def test_a_websocket_opens_for_whoever_is_signed_in_and_for_nobody_else(
    team: RunningApp, cookies: dict[str, str], path: str
):
    address = f"ws://127.0.0.1:{team.port}{path}"
    for role in PEOPLE.values():
        with connect(address, additional_headers={"cookie": cookies[role]}, open_timeout=30):
            pass
    for headers in ({}, {"cookie": "aryabhatta_login=guess"}, {"x-aryabhatta-user": "Ada"}):
        with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers, open_timeout=30):
            pass
        assert refused.value.response.status_code == 403
    with (
        pytest.raises(InvalidStatus),
        connect(
            address,
            additional_headers={"cookie": cookies["operator"], "origin": "http://evil.example"},
            open_timeout=30,
        ),
    ):
        pass


def sign_in(page: Page, team: RunningApp, name: str, address: str = "") -> None:
    page.goto(f"{team.url}/{address}")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    idle(page)


def test_a_link_leads_through_the_login_to_its_screen_and_sign_out_ends_it(team: RunningApp, page: Page):
    sign_in(page, team, "Ben", "runs")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    page.get_by_role("link", name="Ben builder").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{team.url}/runs")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_restart_signs_nobody_out_and_being_shut_out_ends_an_open_page(team: RunningApp, page: Page):
    sign_in(page, team, "Ben")
    team.stop()
    team.start()
    visit(page, team.url)
    expect(page.get_by_role("link", name="Ben builder")).to_be_visible()
    assert team.command("person", "disable", "Ben").returncode == 0
    # Another process said so: this one believes what it knows for a moment longer.
    shut_out_by = time.monotonic() + SHUT_OUT_S
    while not page.get_by_role("button", name="Sign in").is_visible():
        assert time.monotonic() < shut_out_by
        page.wait_for_timeout(500)
        page.goto(f"{team.url}/runs")
    assert team.command("person", "disable", "Ben", "--again").returncode == 0


def test_an_operator_adds_a_person_who_then_signs_in(team: RunningApp, page: Page, browser: Browser):
    sign_in(page, team, "Ada", "settings?section=Access")
    page.get_by_label("Name", exact=True).fill("Eve")
    page.get_by_text("builder", exact=True).last.click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Ada added Eve")).to_be_visible()
    context = browser.new_context()
    context.set_default_timeout(LONGEST_MS)
    other = context.new_page()
    sign_in(other, team, "Eve")
    expect(other.get_by_role("link", name="Eve builder")).to_be_visible()
    context.close()


def test_a_conversation_is_shared_read_without_a_cookie_and_taken_back(team: RunningApp, page: Page, browser: Browser):
    with team.inside() as core:
        agent = core.agents.by_name("Number clerk")
        conversation = core.conversations.create(agent.id, "Ben", title="Sums")
        run = core.runs.start(StartRun(input="What is 2 + 2?", agent_id=agent.id, conversation_id=conversation.id))
        assert isinstance(run, Ok)
        core.runs.wait(run.value.id, 30)
    sign_in(page, team, "Ben", f"chat?conversation={conversation.id}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Share").or_(page.get_by_text("Share", exact=True)).first.click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("dialog").get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(rf"{team.url}/share/[\w-]{{43}}", link)
    context = browser.new_context()
    stranger = context.new_page()
    stranger.goto(link)
    expect(stranger.get_by_text("What is 2 + 2?")).to_be_visible()
    assert context.cookies() == []
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)
    stranger.reload()
    expect(stranger.get_by_text("This link shows nothing.")).to_be_visible()
    context.close()


def test_a_viewer_reads_and_finds_no_button_that_would_be_refused(team: RunningApp, page: Page):
    with team.inside() as core:
        agent = core.agents.by_name("Number clerk")
        conversation = core.conversations.create(agent.id, "Ben", title="To be read")
        run = core.runs.start(StartRun(input="What is 3 + 3?", agent_id=agent.id, conversation_id=conversation.id))
        assert isinstance(run, Ok)
        core.runs.wait(run.value.id, 30)
    sign_in(page, team, "Vic")
    screens = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert [name.split("\n")[-1] for name in screens] == ["Home", "Chat", "Evaluations", "Runs"]
    for address in (
        "",
        "chat",
        f"chat?conversation={conversation.id}",
        "evaluations",
        "runs",
        f"run?run={run.value.id}",
    ):
        visit(page, f"{team.url}/{address}")
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
        expect(page.get_by_test_id("stChatInput")).to_have_count(0)
        buttons = page.get_by_role("button").all_inner_texts()
        assert (address, [name for name in buttons if CHANGES.search(name)]) == (address, [])


@pytest.mark.parametrize("name", ["Ben", "Ada"])
def test_whoever_may_build_opens_every_screen(team: RunningApp, page: Page, name: str):
    with team.inside() as core:
        agent = core.agents.by_name("Number clerk")
    sign_in(page, team, name)
    for address in (
        "",
        "agents",
        f"agent?agent={agent.id}",
        "prompts",
        "tools",
        "tools?tool=calculator",
        "tools?new=mcp",
        "datasets",
        "knowledge",
        "chat",
        "compare",
        "evaluations",
        "evaluation_new",
        "runs",
        "settings",
        "settings?section=Secrets",
    ):
        visit(page, f"{team.url}/{address}")
        assert (address, page.get_by_text("Something went wrong").count()) == (address, 0)
