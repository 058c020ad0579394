"""Every route of the very app that is served, and which role it needs: a new one without a decision fails here."""

from collections.abc import Iterator

import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from core.web.api import api_routes
from core.web.metrics import WithKey
from core.web.ways import WAYS, Need, decided, need

SAMPLES = {
    "{run_id}": "1",
    "{sha256}": "0" * 64,
    "{token}": "a-token",
    "{file_id:path}": "a.png",
    "{path:path}": "a/b.js",
}


def served() -> Iterator[tuple[str, str]]:
    """(address, method) of every route of `app.py`, Streamlit's own included; the screens' own are at the end."""
    from app import app

    found = app._build_starlette_app().routes
    routes = [route for route in found if not isinstance(route, WithKey) and route.path not in keyed()]
    for route in routes:
        match route:
            case Route():
                yield from ((address_of(route.path), method) for method in sorted(route.methods or ()))
            case WebSocketRoute():
                yield address_of(route.path), "WEBSOCKET"
            case Mount() if route.path:
                yield f"{route.path}/a.js", "GET"
            case Mount():
                assert route is routes[-1], "only the screens themselves are at any address"
            case _:
                raise AssertionError(route)


def keyed() -> set[str]:
    """Routes that ask for an API key by themselves; whether they do is tested beside them."""
    return {route.path for route in api_routes() if not isinstance(route, WithKey)}


def address_of(path: str) -> str:
    for name, sample in SAMPLES.items():
        path = path.replace(name, sample)
    return path.replace("{", "").replace("}", "")


def test_every_route_was_decided_about():
    found = list(served())
    assert len(found) > 30
    assert [one for one in found if decided(*one) is None] == []


def test_what_was_decided_is_what_stands_here():
    """Whoever opens a route to more people says so in two places."""
    needs: dict[Need, set[str]] = {}
    for path, method in served():
        needs.setdefault(need(path, method), set()).add(path)
    assert needs["none"] == {"/healthz", "/_stcore/health", "/share/a-token", f"/share/a-token/files/{'0' * 64}"}
    runs = "/api/agents/{name:path}/runs"
    assert keyed() == {"/v1", runs, f"{runs}/{{run_id}}", f"{runs}/{{run_id}}/cancel"}
    assert needs["builder"] == {"/_stcore/upload_file/session_id/file_id"}
    assert needs["operator"] == {"/_stcore/metrics", "/api/backups/name", "/metrics", "/oauth/mcp"}
    assert "/_stcore/stream" in needs["viewer"]
    assert needs["closed"] >= {"/_stcore/agent/mcp", "/auth/login", "/oauth2callback"}


@pytest.mark.parametrize(
    ("path", "method", "needed"),
    [
        ("/", "GET", "viewer"),
        ("/chat", "HEAD", "viewer"),
        ("/chat", "POST", "closed"),
        ("/unheard", "WEBSOCKET", "closed"),
        ("/healthz/", "GET", "viewer"),
        ("/healthz", "POST", "closed"),
        ("/_stcore/upload_file/1/2", "POST", "closed"),
        ("/_stcore/stream/", "WEBSOCKET", "closed"),
        ("//login", "GET", "viewer"),
    ],
)
def test_what_is_in_no_line_is_read_by_whoever_is_signed_in_and_nothing_else(path: str, method: str, needed: Need):
    assert need(path, method) == needed


def test_no_line_is_hidden_by_an_earlier_one():
    for place, way in enumerate(WAYS):
        for method in way.methods:
            earlier = (one for one in WAYS[:place] if one.leads(way.path.removesuffix("*"), method))
            assert next(earlier, None) is None, way
