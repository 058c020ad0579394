"""Health, the feed of a run, and static files, over the real routes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.bootstrap import App, build, use_app
from core.db.unit import UnitOfWork
from core.domain.result import Ok
from core.domain.run import Run
from core.errors import Unavailable
from core.services.runs import StartRun
from core.settings import Settings
from core.web import routes as web
from core.web.lifespan import lifespan
from tests.services.test_proof_desk import until_over

NOBODY = "0199c0de-0000-7000-8000-000000000000"


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    app = build(settings, adopt=True)
    app.executor.start()
    use_app(app)
    yield app
    use_app(None)
    app.close()


@pytest.fixture
def client(app: App) -> TestClient:
    return TestClient(Starlette(routes=list(web.routes())))


def started(app: App) -> Run:
    result = app.runs.start(StartRun(input="Who are you?"))
    assert isinstance(result, Ok), result
    return result.value


def frames(client: TestClient, run: Run, after: int = -1) -> list[dict]:
    """Everything the feed says until it closes."""
    said: list[dict] = []
    with client.websocket_connect(f"/api/runs/{run.id}/ws?after={after}") as socket:
        while (message := socket.receive())["type"] == "websocket.send":
            said.extend(json.loads(message["text"]))
    assert message["code"] == 1000
    return said


def test_health_is_ok_while_the_app_stands(client: TestClient):
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (200, {"status": "ok"})


def test_health_says_why_it_is_not(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def unreachable() -> App:
        raise Unavailable("The database at db.example does not answer. Start it, then try again.")

    monkeypatch.setattr(web, "get_app", unreachable)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["reason"].startswith("The database at db.example")


def test_the_feed_brings_the_text_and_every_entry_and_ends_with_the_run(app: App, client: TestClient):
    run = started(app)
    said = frames(client, run)
    entries = [frame["seq"] for frame in said if frame["kind"] != "text"]
    text = ""
    for frame in said:
        if frame["kind"] == "text":
            text = ("" if frame.get("reset") else text) + frame.get("text", "")
    view = app.runs.view(run.id)
    assert view is not None
    assert entries == list(range(len(view.events)))
    assert said[-1]["kind"] == "ended"
    assert text == view.state.steps[-1].model.decision.text


def test_whoever_comes_late_gets_what_is_new_to_them(app: App, client: TestClient):
    run = started(app)
    everything = frames(client, run)
    last = everything[-1]["seq"]
    assert [f["seq"] for f in frames(client, run, after=last - 1) if f["kind"] != "text"] == [last]


@pytest.mark.parametrize("run_id", [NOBODY, "no-id"])
def test_there_is_no_feed_of_no_run(client: TestClient, run_id: str):
    with client.websocket_connect(f"/api/runs/{run_id}/ws") as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert closed.value.code == web.NO_SUCH_RUN


@pytest.mark.parametrize("name", ["marked.esm.js", "purify.min.js"])
def test_the_vendored_modules_are_served_from_here(client: TestClient, name: str):
    answer = client.get(f"/assets/vendor/{name}")
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]


def test_nothing_outside_the_assets_is_served(client: TestClient):
    assert client.get("/assets/../main.py").status_code == 404
    assert client.get("/assets/%2e%2e/main.py").status_code == 404


async def test_a_database_that_does_not_answer_does_not_end_the_server(monkeypatch: pytest.MonkeyPatch, caplog):
    def unreachable() -> App:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr("core.web.lifespan.get_app", unreachable)
    async with lifespan(None):
        pass
    assert "The database does not answer." in caplog.text
    assert "Traceback" not in caplog.text


def test_a_deep_link_goes_through_the_main_script():
    """Streamlit's old `pages/` mode would run a screen without its frame where it finds such a folder."""
    from streamlit.runtime.pages_manager import PagesManager

    main = Path(web.__file__).parent.parent.parent / "pages" / "main.py"
    manager = PagesManager(str(main))
    assert not (manager.main_script_parent / "pages").exists()
    assert [page["script_path"] for page in manager.get_pages().values()] == [str(main)]


def test_an_attached_file_is_served_by_its_hash_and_nothing_of_it_can_run(client: TestClient, app: App):
    from core.domain.attachment import Upload
    from tests.support.files import image

    page = b"<html><script>alert(1)</script></html>"
    taken = app.attachments.take((Upload("a.png", image()), Upload("b.html", page))).value
    with UnitOfWork(app._parts.engine) as unit:
        app.attachments.keep(unit.session.connection(), taken.new, "ada")
        unit.commit()
    shown, text = (client.get(f"/api/attachments/{one.sha256}") for one in taken.attachments)
    assert (shown.content, shown.headers["content-type"]) == (image(), "image/png")
    assert (text.content, text.headers["content-type"]) == (page, "text/plain; charset=utf-8")
    assert all("sandbox" in answer.headers["content-security-policy"] for answer in (shown, text))
    assert all("immutable" in answer.headers["cache-control"] for answer in (shown, text))


@pytest.mark.parametrize(
    ("asked", "code", "told", "place"),
    [
        ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/{}"),
        ("bytes=10-", 206, slice(10, None), "bytes 10-{last}/{}"),
        ("bytes=-5", 206, slice(-5, None), None),
        ("bytes=0-99999999", 206, slice(0, None), "bytes 0-{last}/{}"),
        ("bytes=99999999-", 416, slice(0, 0), "bytes */{}"),
        ("bytes=5-2", 416, slice(0, 0), "bytes */{}"),
        ("bytes=-", 200, slice(0, None), None),
        ("bytes=0-1,4-5", 200, slice(0, None), None),
        ("lines=1-2", 200, slice(0, None), None),
    ],
)
def test_a_player_is_given_the_part_of_a_sound_that_it_asks_for(client, app, asked, code, told, place):
    from tests.support.inference import sound

    made = app.attachments.keep_made("speak", sound())
    answer = client.get(f"/api/attachments/{made.sha256}", headers={"range": asked})
    assert (answer.status_code, answer.content) == (code, sound()[told])
    assert (answer.headers["accept-ranges"], answer.headers.get("content-type", "audio/wav")) == ("bytes", "audio/wav")
    if place:
        assert answer.headers["content-range"] == place.format(len(sound()), last=len(sound()) - 1)


@pytest.mark.parametrize("name", ["0" * 64, "x", "%00", "..%2f..%2fetc%2fpasswd"])
def test_a_file_that_is_not_there_is_404(client: TestClient, name: str):
    assert client.get(f"/api/attachments/{name}").status_code == 404


def test_a_backup_is_downloaded_and_nothing_else_is(app: App, client: TestClient):
    app.backup_desk.begin("ada")
    until_over(app.backup_desk.progress)
    (file,) = app.backup_desk.files()
    answer = client.get(f"/api/backups/{file.name}")
    assert (answer.status_code, len(answer.content)) == (200, file.size_bytes)
    assert file.name in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    for name in ("nothing.zip", "..%2Fsecrets.key", "aryabhatta-20200101-000000.zip"):
        assert client.get(f"/api/backups/{name}").status_code == 404
