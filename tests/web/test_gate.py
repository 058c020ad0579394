"""Who gets in, tried through the very middleware the server runs."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.domain.person import Person, Role
from core.domain.result import Err, Ok, Result
from core.errors import ConfigurationError, Unavailable
from core.services.sign_in import SignedIn
from core.settings import Settings
from core.web.gate import SIGN_IN_HEADER, USER_HEADER, Gate
from core.web.headers import SecurityHeaders
from core.web.login import COOKIE
from core.web.sockets import SIGNED_OUT

HERE = "http://localhost:8501"
SOCKET = "ws://localhost:8501/api/runs/1/ws"
HTML = {"accept": "text/html"}


async def who(request: Request) -> Response:
    return PlainTextResponse(request.headers.get(USER_HEADER, "nobody"))


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


class People:
    """The sign-ins that the gate asks: a server with one password, or with none."""

    def __init__(self, password: str, *, has_people: bool = False) -> None:
        self.password, self.has_people = password, has_people
        self.signed_in: dict[str, SignedIn] = {}

    def needed(self) -> bool:
        return bool(self.password) or self.has_people

    def sign_in(self, name: str, password: str, address: str) -> Result[str]:
        if password != self.password:
            return Err("refused", "That name and password do not belong together.", "password")
        return Ok(self.enter(name, "operator"))

    def enter(self, name: str, role: Role) -> str:
        token = f"token-{len(self.signed_in)}"
        self.signed_in[token] = SignedIn(uuid4(), Person(name=name, role=role))
        return token

    def who(self, token: str) -> SignedIn | None:
        return self.signed_in.get(token)

    def sign_out(self, sign_in_id: UUID, person: Person, *, everywhere: bool = False) -> None:
        kept = {} if everywhere else {key: one for key, one in self.signed_in.items() if one.id != sign_in_id}
        self.signed_in = kept


async def chatter(socket: WebSocket) -> None:
    """Answers whatever it hears."""
    await socket.accept()
    async for heard in socket.iter_text():
        await socket.send_text(heard)


def client(
    password: str = "", base_url: str = HERE, address: str | None = "127.0.0.1", people: People | None = None
) -> TestClient:
    doors = people or People(password)
    app = Starlette(
        routes=[
            Route("/", who, methods=["GET", "POST"]),
            Route("/healthz", who),
            Route("/unheard-of", who, methods=["POST"]),
            Route("/_stcore/upload_file/a/b", who, methods=["PUT"]),
            Route("/_stcore/metrics", who),
            Route("/_stcore/agent/mcp", who, methods=["POST"]),
            WebSocketRoute("/api/runs/1/ws", echo),
            WebSocketRoute("/_stcore/stream", chatter),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(
                Gate,
                settings=lambda: Settings(home=Path(), password=password),
                address=lambda: address,
                sign_ins=lambda: doors,
            ),
        ],
    )
    return TestClient(app, base_url=base_url, follow_redirects=False)


def started(password: str = "", **given) -> TestClient:
    """A client whose server has started: the gate reads its password then."""
    one = client(password, **given)
    with one:
        pass
    return one


def signed_in(role: Role, people: People) -> TestClient:
    one = started(people=people)
    one.cookies[COOKIE] = people.enter(f"a {role}", role)
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


def test_what_was_typed_is_not_markup():
    text = started("secret").post("/login", data={"name": '"><script>', "password": "<script>", "next": '"><b>'}).text
    assert "<script>" not in text
    assert "<b>" not in text


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites():
    one = started("secret", base_url="https://localhost:8501")
    said = one.post("/login", data={"name": "A", "password": "secret"}).headers["set-cookie"].lower()
    assert all(word in said for word in ("httponly", "samesite=lax", "secure", "max-age=604800", "path=/"))
    assert (
        "secure" not in started("secret").post("/login", data={"name": "A", "password": "secret"}).headers["set-cookie"]
    )


@pytest.mark.parametrize(
    ("back", "place"),
    [
        ("/chat?conversation=1", "/chat?conversation=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nset-cookie: b=c", "/"),
        ("", "/"),
    ],
)
def test_after_the_login_comes_what_was_asked_for_and_never_another_site(back: str, place: str):
    one = started("secret")
    answer = one.post("/login", data={"name": "A", "password": "secret", "next": back})
    assert answer.headers["location"] == place


def test_a_link_to_a_screen_survives_the_login():
    sent = started("secret").get("/runs?status=failed", headers=HTML).headers["location"]
    assert sent == "/login?next=%2Fruns%3Fstatus%3Dfailed"


@pytest.mark.parametrize(
    ("role", "upload", "metrics"), [("viewer", 403, 403), ("builder", 200, 403), ("operator", 200, 200)]
)
def test_a_role_opens_what_it_needs_and_no_more(role: Role, upload: int, metrics: int):
    one = signed_in(role, People("", has_people=True))
    assert one.get("/").text == f"a {role}"
    assert one.put("/_stcore/upload_file/a/b").status_code == upload
    assert one.get("/_stcore/metrics").status_code == metrics
    assert one.post("/_stcore/agent/mcp").status_code == 403


def test_a_route_that_nobody_decided_about_changes_nothing_for_anybody():
    assert signed_in("operator", People("", has_people=True)).post("/unheard-of").status_code == 403


@pytest.mark.parametrize("header", [USER_HEADER, SIGN_IN_HEADER])
def test_no_header_of_the_browser_names_anybody(header: str):
    one = signed_in("viewer", People("", has_people=True))
    assert one.get("/", headers={header: "admin"}).text == "a viewer"


def test_people_take_the_place_of_the_password():
    assert started(address="0.0.0.0", people=People("", has_people=True)).get("/").status_code == 401


def test_sign_out_takes_the_cookie_back_and_closes_what_is_open():
    people = People("", has_people=True)
    one = signed_in("builder", people)
    assert "Signed in as builder" in one.get("/account").text
    with one.websocket_connect("/_stcore/stream") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
        token = one.cookies[COOKIE]
        left = one.post("/account", data={"where": "here"})
        assert left.headers["location"] == "/login"
        assert f'{COOKIE}=""; ' in left.headers["set-cookie"]
        assert token not in people.signed_in
        socket.send_text("hello?")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == SIGNED_OUT


def test_another_role_closes_what_is_open_so_that_it_begins_anew_with_that():
    people = People("", has_people=True)
    one = signed_in("builder", people)
    with one.websocket_connect("/_stcore/stream") as socket:
        token, found = next(iter(people.signed_in.items()))
        people.signed_in[token] = SignedIn(found.id, Person(name="a builder", role="viewer"))
        socket.send_text("hello?")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


class NoDatabase(People):
    def needed(self) -> bool:
        raise Unavailable("The database does not answer.")

    def who(self, token: str) -> SignedIn | None:
        raise Unavailable("The database does not answer.")


def test_while_the_database_is_away_nobody_is_let_in_who_would_have_to_say_who_they_are():
    one = started("secret", people=NoDatabase("secret"))
    assert one.get("/", headers=HTML).status_code == 503
    assert one.get("/healthz").status_code == 200
    assert started(people=NoDatabase("")).get("/").status_code == 200  # on this machine a screen says what is missing
    assert started(people=NoDatabase("")).get("/api/attachments/1").status_code == 503


def test_on_the_network_it_does_not_start_without_knowing_its_people():
    sent = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        sent.append(message)

    app = client(address="0.0.0.0", people=NoDatabase("")).app
    asyncio.run(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "The database does not answer." in sent[0]["message"]


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
    assert one.put("/_stcore/upload_file/a/b", headers={"origin": HERE}).status_code == 200
    with one.websocket_connect(SOCKET, headers={"origin": HERE, "host": "localhost:8501"}) as socket:
        assert socket.receive_text() == "in"


def test_every_answer_carries_the_policy():
    headers = started().get("/").headers
    assert "img-src 'self' data: blob:" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
