"""A share link over real HTTP on a server with a login: that conversation, and nothing else."""

import http.client
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from core.bootstrap import App
from core.domain.attachment import Upload
from core.domain.result import Err, Ok
from core.domain.run import Conversation, Run
from core.services.run_spec import StartRun
from core.settings import Settings
from tests.support.served import served
from tests.support.workspace import workspace

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> [go](javascript:alert(3)) ![p](https://evil.example/p)"


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    with workspace(settings) as app:
        yield app


@pytest.fixture
def url(app: App) -> Iterator[str]:
    with served(app, password="open sesame") as url:
        yield url


@pytest.fixture
def talk(app: App) -> Conversation:
    """With a file and a message full of markup; the demo model answers."""
    agent = app.agents.by_name("Number clerk")
    assert agent is not None
    conversation = app.conversations.create(agent.id, "Ada", title=EVIL)
    say(app, agent.id, conversation, f"What is 2 + 2? {EVIL}", Upload("<b>.txt", b"<script>alert(4)</script>"))
    return conversation


def say(app: App, agent_id: UUID, conversation: Conversation, words: str, *files: Upload) -> Run:
    last = app.conversations.path(conversation.id)
    start = StartRun(
        input=words,
        agent_id=agent_id,
        conversation_id=conversation.id,
        endpoint="demo",
        files=files,
        parent_run_id=last[-1].id if last else None,
        who="Ada",
    )
    started = app.runs.start(start)
    assert isinstance(started, Ok), started
    return app.runs.wait(started.value.id, 30)


def get(url: str, path: str) -> tuple[int, str, dict[str, str]]:
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode("latin-1")
    connection.close()
    return answer.status, body, {name.lower(): value for name, value in answer.getheaders()}


def shared(app: App, talk: Conversation) -> str:
    made = app.shares.make(talk.id, "Ada")
    assert isinstance(made, Ok), made
    return made.value.token


def test_a_link_shows_the_conversation_without_a_login(app: App, url: str, talk: Conversation):
    token = shared(app, talk)
    status, page, headers = get(url, f"/share/{token}")
    assert status == 200
    assert "What is 2 + 2?" in page
    assert "calculator" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    assert (headers["referrer-policy"], headers["x-robots-tag"]) == ("no-referrer", "noindex")
    assert "no-store" in headers["cache-control"]
    assert "set-cookie" not in headers


def test_nothing_written_in_it_is_markup(app: App, url: str, talk: Conversation):
    page = get(url, f"/share/{shared(app, talk)}")[1]
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "<b>" not in page
    assert 'href="javascript' not in page


def test_it_opens_nothing_else(app: App, url: str, talk: Conversation):
    token = shared(app, talk)
    other = app.conversations.create(None, "Ada", title="Another")
    for path in (
        "/",
        f"/chat?conversation={other.id}",
        f"/share/{token}/",
        f"/share/{token}/../..",
        "/share/",
        "/share",
    ):
        status, page, _ = get(url, path)
        assert status in {303, 307, 401, 404}, path
        assert "Another" not in page


def test_it_shows_the_files_of_that_conversation_and_no_others(app: App, url: str, talk: Conversation):
    token = shared(app, talk)
    mine = app.runs.view(app.conversations.path(talk.id)[0].id).state.attachments[0]
    agent = app.agents.by_name("Number clerk")
    elsewhere = app.conversations.create(agent.id, "Ada")
    other = say(app, agent.id, elsewhere, "Another", Upload("other.txt", b"a secret plan"))
    theirs = app.runs.view(other.id).state.attachments[0]
    status, _, headers = get(url, f"/share/{token}/files/{mine.sha256}")
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "sandbox" in headers["content-security-policy"]
    assert get(url, f"/share/{token}/files/{theirs.sha256}")[0] == 404
    assert get(url, f"/api/attachments/{mine.sha256}")[0] == 401


def test_what_is_said_later_is_not_in_it(app: App, url: str, talk: Conversation):
    token = shared(app, talk)
    agent = app.agents.by_name("Number clerk")
    say(app, agent.id, talk, "This came later.")
    assert "This came later." not in get(url, f"/share/{token}")[1]
    assert "This came later." in get(url, f"/share/{shared(app, talk)}")[1]


def test_a_link_that_was_taken_back_shows_what_one_that_never_was_shows(app: App, url: str, talk: Conversation):
    token = shared(app, talk)
    share = app.shares.list(talk.id)[0]
    assert isinstance(app.shares.revoke(share.id, "Eve"), Ok)
    gone, never = (get(url, f"/share/{one}") for one in (token, "x" * len(token)))
    assert gone[:2] == never[:2]
    assert gone[0] == 404
    assert app.shares.list(talk.id) == []
    assert isinstance(app.shares.revoke(share.id, "Eve"), Err)
    made, taken = app.people.events()[1::-1]
    assert (made.kind, made.who, taken.kind, taken.who) == ("share_made", "Ada", "share_revoked", "Eve")


def test_a_link_ends_by_itself_and_lies_in_no_table(app: App, url: str, talk: Conversation):
    token = shared(app, talk)
    with app._parts.engine.begin() as connection:
        rows = connection.execute(text("SELECT * FROM shares, security_events")).all()
        connection.execute(text("UPDATE shares SET expires_at = now()"))
    assert token not in str(rows)
    assert get(url, f"/share/{token}")[0] == 404


def test_there_is_nothing_to_share_of_an_empty_conversation(app: App):
    assert isinstance(app.shares.make(app.conversations.create(None, "Ada").id, "Ada"), Err)
