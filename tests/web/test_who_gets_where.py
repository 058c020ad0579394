"""Every route of the server behind the gate: who gets there without a login, with a key, with a login."""

import http.client
from collections.abc import Iterator

import httpx2
import pytest

from core.bootstrap import App
from core.settings import Settings
from tests.support.served import new_key, served
from tests.support.workspace import workspace

NOBODY = "0199c0de-0000-7000-8000-000000000000"
OPEN = [("GET", "/healthz", 200), ("GET", "/v1/../settings", 404), ("GET", "/v1/%2e%2e/settings", 404)]
KEYED = [
    ("GET", "/v1/models", 200),
    ("GET", "/v1/models/Nobody", 404),
    ("POST", "/v1/chat/completions", 400),
    ("POST", "/api/agents/Nobody/runs", 400),
    ("POST", "/api/agents/A%2FB/runs", 400),
    ("GET", f"/api/agents/Nobody/runs/{NOBODY}", 404),
    ("POST", f"/api/agents/Nobody/runs/{NOBODY}/cancel", 404),
]
BEHIND_LOGIN = [
    ("GET", "/"),
    ("GET", "/settings"),
    ("GET", "/v1"),
    ("GET", "/v2/models"),
    ("GET", "/api/attachments/" + "0" * 64),
    ("GET", f"/api/runs/{NOBODY}/ws"),
    ("GET", "/assets/copy.js"),
    ("POST", "/metrics"),
    ("GET", "/_stcore/stream"),
    ("GET", "/V1/models"),
    ("GET", "//v1/models"),
]


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    with workspace(settings) as app:
        yield app


@pytest.fixture
def url(app: App) -> Iterator[str]:
    with served(app, password="open sesame") as url:
        yield url


def status(url: str, method: str, path: str, **headers: str) -> int:
    """Of exactly this path: no client tidies it up."""
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def signed_in(url: str) -> str:
    answer = httpx2.post(f"{url}/login", data={"name": "Ada", "password": "open sesame"})
    return answer.headers["set-cookie"].partition(";")[0]


@pytest.mark.parametrize(("method", "path", "expected"), OPEN)
def test_open_routes_answer_everybody(url: str, method: str, path: str, expected: int):
    assert status(url, method, path) == expected


@pytest.mark.parametrize(("method", "path", "expected"), KEYED)
def test_keyed_routes_answer_a_key_and_no_login(app: App, url: str, method: str, path: str, expected: int):
    assert status(url, method, path) == 401
    assert status(url, method, path, cookie=signed_in(url)) == 401
    assert status(url, method, path, authorization="Bearer ary_wrong") == 401
    assert status(url, method, path, authorization=f"Bearer {new_key(app).value}") == expected


@pytest.mark.parametrize(("method", "path"), BEHIND_LOGIN)
def test_every_other_route_wants_a_login_and_takes_no_key(app: App, url: str, method: str, path: str):
    assert status(url, method, path) == 401
    assert status(url, method, path, authorization=f"Bearer {new_key(app).value}") == 401


def test_a_login_leads_to_the_routes_behind_it(url: str):
    assert status(url, "GET", "/assets/copy.js", cookie=signed_in(url)) == 200


def test_figures_are_for_a_key_or_whoever_is_signed_in(app: App, url: str):
    assert status(url, "GET", "/metrics") == 401
    assert status(url, "GET", "/metrics", authorization="Bearer ary_wrong") == 401
    assert status(url, "GET", "/metrics", authorization="Bearer ary_wrong", cookie=signed_in(url)) == 401
    assert status(url, "GET", "/metrics", authorization=f"Bearer {new_key(app).value}") == 200
    assert status(url, "GET", "/metrics", cookie=signed_in(url)) == 200


def test_figures_are_open_where_only_this_machine_is_served(app: App):
    with served(app) as url:
        assert status(url, "GET", "/metrics") == 200
        assert status(url, "GET", "/metrics", host="evil.example") == 403


def test_a_name_that_leads_here_by_trickery_is_refused_with_a_key_too(app: App):
    with served(app) as url:
        key = f"Bearer {new_key(app).value}"
        assert status(url, "GET", "/v1/models", authorization=key) == 200
        assert status(url, "GET", "/v1/models", authorization=key, host="evil.example") == 403


def test_a_page_of_another_site_cannot_ask_with_a_key(app: App, url: str):
    key = f"Bearer {new_key(app).value}"
    assert status(url, "POST", "/v1/chat/completions", authorization=key, origin="http://evil.example") == 403
