"""Files in the composers: sent with the message, shown with it, kept when they are refused."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from pages.components.long_body import shortened_images
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import button, param, shown
from tests.support.files import BLIND, SEES, image
from tests.support.scripted import ScriptedServer, text

PHOTO = image(size=(40, 30))
NAMED = f'<img src="/api/attachments/{sha256(PHOTO).hexdigest()}" alt="photo.png">'


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(listing=SEES) as server:
        yield server


@pytest.fixture
def looker(app: App, server: ScriptedServer) -> Agent:
    app.endpoints.add("scripted", server.base_url, "", model="scripted")
    return app.agents.create("Looker", AgentSpec(endpoint="scripted"), "").value


def newest(app: App):
    return app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)


def test_an_image_goes_with_the_message_and_is_seen_in_it(app: App, server, looker: Agent, open_page: Open):
    server.plan(text("blue"), text("a square"))
    page = open_page("chat", agent=str(looker.id))
    assert page.chat_input(key="composer").proto.max_upload_size_mb == 20
    page.chat_input(key="composer").set_value("What is it?").upload("photo.png", PHOTO).run()
    run = newest(app)
    page.run()
    seen = shown(page)
    assert NAMED in seen
    assert "What is it?" in seen
    assert server.requests[0].json["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    button(page, "Answer again").click().run()
    again = app.runs.view(newest(app).id)
    assert (again.state.attachments, again.run.id != run.id) == (app.runs.view(run.id).state.attachments, True)


def test_a_file_alone_is_a_message_and_names_the_conversation(app: App, server, looker: Agent, open_page: Open):
    server.plan(text("two columns"))
    page = open_page("chat", agent=str(looker.id))
    page.chat_input(key="composer").set_value("").upload("sales <1>.csv", b"a,b").run()
    newest(app)
    page.run()
    assert "sales &lt;1&gt;.csv" in shown(page)
    assert "<1>.csv" not in "".join(html.proto.body for html in page.get("html"))
    from uuid import UUID

    assert app.conversations.get(UUID(param(page, "conversation"))).title == "sales <1>.csv"


def test_what_is_refused_is_said_and_given_back(app: App, server, looker: Agent, open_page: Open):
    server.listing = BLIND
    page = open_page("chat", agent=str(looker.id))
    page.chat_input(key="composer").set_value("Look").upload("photo.png", PHOTO).run()
    seen = shown(page)
    assert "scripted cannot see images" in seen
    assert "Goes along with the next message: photo" in seen
    assert page.chat_input(key="composer").proto.value == "Look"
    button(page, "Leave out").click().run()
    assert "Goes along" not in shown(page)
    assert app.runs.list() == []


def test_a_kept_file_goes_with_the_next_message(app: App, server, looker: Agent, open_page: Open):
    server.listing = BLIND
    page = open_page("chat", agent=str(looker.id))
    page.chat_input(key="composer").set_value("Look").upload("photo.png", PHOTO).run()
    server.listing = SEES
    assert app.endpoints.catalogue("scripted", fresh=True).models[0].supports_images
    server.plan(text("blue"))
    page.chat_input(key="composer").set_value("Look again").run()
    assert [one.name for one in app.runs.view(newest(app).id).state.attachments] == ["photo.png"]


def test_a_try_takes_files_too(app: App, server, looker: Agent, open_page: Open):
    server.plan(text("blue"))
    page = open_page("agent", agent=str(looker.id))
    page.chat_input(key="try_input").set_value("?").upload("photo.png", PHOTO).run()
    newest(app)
    page.run()
    assert NAMED in shown(page)


def test_the_page_of_a_run_shows_the_files_and_what_was_sent(app: App, server, looker: Agent, open_page: Open):
    from core.domain.attachment import Upload
    from core.services.runs import StartRun

    server.plan(text("blue"), text("blue"))
    files = (Upload("photo.png", PHOTO), Upload("a.csv", b"x,y"))
    run = app.runs.start(StartRun(input="What?", agent_id=looker.id, files=files)).value
    app.runs.wait(run.id, LONGEST_S)
    page = open_page("run", run=str(run.id))
    assert NAMED in shown(page)
    assert "with 2 files" in shown(page)
    page.segmented_control(key="details").set_value("Sent").run()
    seen = shown(page)
    assert f'<img src="/api/attachments/{sha256(PHOTO).hexdigest()}" alt="">' in seen
    assert "the very bytes that were sent" in seen
    button(page, "Run again").click().run()
    again = newest(app)
    assert len(app.runs.view(again.id).state.attachments) == 2


def test_long_images_are_cut_for_the_screen_alone():
    body = b'{"url":"data:image/png;base64,' + b"A" * 5000 + b'"}'
    short, cut = shortened_images(body)
    assert cut == 1
    assert len(short) < 120
    assert shortened_images(b'"data:image/png;base64,AAAA"')[1] == 0


def test_the_limits_are_said_before(app: App, looker: Agent, open_page: Open):
    page = open_page("chat", agent=str(looker.id))
    hint = next(one for one in page.caption if "Images, PDF, CSV, text" in one.value)
    assert "up to 10 MB" in hint.proto.help


def test_of_a_model_that_cannot_see_that_is_said_before(app: App, clerk: Agent, open_page: Open):
    page = open_page("chat", agent=str(clerk.id))
    hint = next(one for one in page.caption if "PDF, CSV, text" in one.value)
    assert "cannot see images" in hint.proto.help
