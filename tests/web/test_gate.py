"""Who gets in, tried through the very middleware the server runs."""

import asyncio
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import ConfigurationError
from core.settings import Settings
from core.web.gate import USER_HEADER, Gate
from core.web.headers import SecurityHeaders
from core.web.login import COOKIE, Login

HERE = "http://localhost:8501"
SOCKET = "ws://localhost:8501/api/runs/1/ws"
HTML = {"accept": "text/html"}


async def who(request: Request) -> Response:
    return PlainTextResponse(request.headers.get(USER_HEADER, "nobody"))


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


def client(password: str = "", base_url: str = HERE, address: str | None = "127.0.0.1") -> TestClient:
    app = Starlette(
        routes=[
            Route("/", who, methods=["GET", "POST"]),
            Route("/healthz", who),
            WebSocketRoute("/api/runs/1/ws", echo),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Gate, settings=lambda: Settings(home=Path(), password=password), address=lambda: address),
        ],
    )
    return TestClient(app, base_url=base_url, follow_redirects=False)


def started(password: str = "", **given) -> TestClient:
    """A client whose server has started: the gate reads its password then."""
    one = client(password, **given)
    with one:
        pass
    return one


def test_without_a_password_this_machine_gets_in():
    answer = started().get("/")
    assert (answer.status_code, answer.text) == (200, "nobody")


@pytest.mark.parametrize("host", ["evil.example", "192.168.0.7:8501", "localhost.evil.example"])
def test_a_name_that_resolves_here_by_trickery_is_refused(host):
    assert started().get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_the_names_of_this_machine_are_served(host):
    assert started().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.0.7", "::", None])
def test_it_does_not_start_on_the_network_without_a_login(address):
    app = client(address=address).app
    sent = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "ARYABHATTA_PASSWORD" in sent[0]["message"]
    assert "Traceback" not in sent[0]["message"]


def test_a_wrong_setting_is_said_in_a_sentence():
    def broken():
        raise ConfigurationError("ARYABHATTA_LOG_LEVEL must be debug, info, warning or error, not 'loud'.")

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "lifespan.startup"}

    gate = Gate(Starlette(), settings=broken, address=lambda: "127.0.0.1")
    asyncio.run(gate({"type": "lifespan"}, receive, send))
    assert sent[0]["message"].startswith("ARYABHATTA_LOG_LEVEL")


def test_with_a_password_it_starts_on_the_network():
    with client("secret", address="0.0.0.0") as one:
        assert one.get("/healthz").status_code == 200


def test_nobody_gets_in_without_the_password():
    one = started("secret")
    page = one.get("/", headers=HTML)
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert one.get("/").status_code == 401
    with pytest.raises(WebSocketDisconnect), one.websocket_connect(SOCKET):
        pass


def test_the_password_lets_in_under_the_name_that_was_given():
    one = started("secret")
    answer = one.post("/login", data={"name": "Jürgen", "password": "secret"})
    assert answer.status_code == 303
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert one.get("/").text == "J%C3%BCrgen"
    with one.websocket_connect(SOCKET) as socket:
        assert socket.receive_text() == "in"


def test_a_name_sent_by_the_browser_is_never_believed():
    assert started().get("/", headers={USER_HEADER: "admin"}).text == "nobody"


def test_a_wrong_password_is_said_and_then_slowed_down():
    one = started("secret")
    statuses = [one.post("/login", data={"name": "A", "password": "no"}).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert one.post("/login", data={"name": "A", "password": "secret"}).status_code == 429


def test_what_was_typed_is_not_markup():
    text = started("secret").post("/login", data={"name": "", "password": "<script>"}).text
    assert "<script>" not in text


def test_a_new_password_ends_every_login():
    one = started("old")
    one.post("/login", data={"name": "A", "password": "old"})
    cookie = one.cookies[COOKIE]
    assert Login("old").who(cookie) == "A"
    assert Login("new").who(cookie) is None
    assert Login("old").who(cookie[:-1]) is None


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:9999", "null"])
def test_another_site_can_neither_post_nor_listen(origin):
    one = started()
    assert one.post("/", headers={"origin": origin}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        one.websocket_connect(SOCKET, headers={"origin": origin}),
    ):
        pass


def test_our_own_page_may_post_and_listen():
    one = started()
    assert one.post("/", headers={"origin": HERE}).status_code == 200
    with one.websocket_connect(SOCKET, headers={"origin": HERE, "host": "localhost:8501"}) as socket:
        assert socket.receive_text() == "in"


def test_every_answer_carries_the_policy():
    headers = started().get("/").headers
    assert "img-src 'self' data: blob:" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
