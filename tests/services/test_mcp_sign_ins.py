"""Signing in to a real MCP server that lets nobody else in: by a person, once, kept encrypted, renewed by itself."""

import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from core.domain.sign_in import sign_in_secret
from core.domain.tool_source import McpServer
from core.services.tool_sources import SIGN_IN
from tests.support.mcp_servers import guarded_server
from tests.support.workspace import rested, workspace

BACK = "http://localhost:8501/oauth/mcp"


@pytest.fixture
def app(settings):
    with workspace(settings) as app:
        yield app


@pytest.fixture
def house(tmp_path):
    with guarded_server(tmp_path) as house:
        yield house


def at_the_door(url: str, say: str = "yes") -> dict[str, str]:
    """What the browser brings back after the person said yes or no."""
    with httpx2.Client() as browser:
        consent = browser.get(url).headers["location"]
        back = browser.get(f"{consent}&say={say}").headers["location"]
    assert back.startswith(BACK)
    given = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return {
        "state": given["state"],
        "code": given.get("code", ""),
        "issuer": given.get("iss"),
        "error": given.get("error", ""),
    }


def signed_in(app, server, who="ann"):
    url = app.mcp_sign_ins.begin(server, BACK, "/tools?new=mcp", who).value
    return app.mcp_sign_ins.finish(**at_the_door(url), who=who)


def taken_in(app, house):
    signed_in(app, house.server)
    look = app.tool_sources.look(house.server).value
    return app.tool_sources.add("house", look, "ann").value


def called(app):
    return rested(app, app.tools.test("house_secret_of_the_house", "{}", "").value.id)


def test_a_server_that_wants_a_person_says_so_and_lets_them_in_afterwards(app, house):
    refused = app.tool_sources.look(house.server)
    assert (refused.kind, refused.field) == ("unavailable", SIGN_IN)
    assert "Sign in to this server" in refused.message
    unsigned = msgspec.structs.replace(house.server, oauth=False)
    assert app.tool_sources.look(unsigned).field == SIGN_IN
    assert app.mcp_sign_ins.status(house.server).status == "needed"

    assert signed_in(app, house.server).value == "/tools?new=mcp"
    assert [offer.tool.name for offer in app.tool_sources.look(house.server).value.offers] == ["secret_of_the_house"]
    found = app.mcp_sign_ins.status(house.server)
    assert (found.status, found.scope, found.who, found.is_renewed) == ("signed_in", "tools", "ann", True)
    assert house.log == ["registered Aryabhatta", "signed in"]


def test_its_tools_are_called_and_no_token_is_to_be_seen_anywhere(app, house):
    taken_in(app, house)
    view = called(app)
    assert view.run.output == "The cat sleeps on the keyboard."
    with app._parts.engine.connect() as connection:
        rows = connection.execute(text("SELECT convert_from(ciphertext, 'LATIN1') FROM secrets")).scalars().all()
        bodies = connection.execute(text("SELECT body::text FROM run_events")).scalars().all()
    assert len(rows) == 1
    assert not [row for row in [*rows, *bodies] if "access-" in row or "refresh-" in row]


def test_a_run_whose_server_wants_a_sign_in_fails_as_auth_and_says_what_to_do(app, house):
    taken_in(app, house)
    assert called(app).run.status == "done"
    app.mcp_sign_ins.sign_out(house.server, "ann")
    view = called(app)
    fault = view.state.steps[0].calls[0].finished.error
    assert (view.run.status, fault.kind) == ("failed", "auth")
    assert "Sign in to this server on its page under Tools" in fault.message


def test_what_the_server_does_not_take_any_more_is_expired_until_somebody_signs_in_again(app, house):
    taken_in(app, house)
    house.lock()
    assert called(app).state.steps[0].calls[0].finished.error.kind == "auth"
    assert app.mcp_sign_ins.status(house.server).status == "expired"
    house.lock(is_locked=False)
    signed_in(app, house.server, "bob")
    assert app.mcp_sign_ins.status(house.server).who == "bob"
    assert called(app).run.status == "done"


def test_a_token_is_renewed_by_itself_also_by_a_process_that_did_not_sign_in(settings, tmp_path):
    with guarded_server(tmp_path, seconds=1) as house:
        with workspace(settings) as app:
            taken_in(app, house)
        until = time.time() + 2
        with workspace(settings) as other:
            while time.time() < until:
                assert other.mcp_sign_ins.status(house.server).status == "signed_in"
            assert called(other).run.output == "The cat sleeps on the keyboard."
        assert "renewed" in house.log
        assert house.log.count("signed in") == 1


def test_no_is_said_and_nothing_is_kept(app, house):
    url = app.mcp_sign_ins.begin(house.server, BACK, "/tools", "ann").value
    refused = app.mcp_sign_ins.finish(**at_the_door(url, "no"), who="ann")
    assert (refused.kind, "access_denied" in refused.message) == ("refused", True)
    assert app.mcp_sign_ins.status(house.server).status == "needed"


def test_nobody_else_finishes_a_sign_in_and_nobody_twice(app, house):
    url = app.mcp_sign_ins.begin(house.server, BACK, "/tools", "ann").value
    back = at_the_door(url)
    assert app.mcp_sign_ins.finish(**back, who="eve").kind == "not_found"
    assert app.mcp_sign_ins.finish(**{**back, "state": "guessed"}, who="ann").kind == "not_found"
    assert app.mcp_sign_ins.finish(**back, who="ann").value == "/tools"
    assert app.mcp_sign_ins.finish(**back, who="ann").kind == "not_found"


def test_a_server_that_asks_nobody_to_sign_in(app, tmp_path):
    with open_server() as url:
        server = McpServer(url=url, allow_hosts=(urlsplit(url).netloc,), oauth=True)
        assert "asks nobody to sign in" in app.mcp_sign_ins.begin(server, BACK, "/tools", "ann").message


@contextmanager
def open_server():
    from tests.support.echo import serving_in_thread
    from tests.support.loopback import reply

    async def answer(_received, writer):
        writer.write(reply("{}", content_type="application/json"))

    with serving_in_thread(answer) as server:
        yield server.url("/mcp")


def test_metadata_that_leads_into_a_private_network_is_refused(app):
    from tests.support.echo import serving_in_thread
    from tests.support.loopback import reply

    inner: list[str] = []

    async def inside(received, writer):
        inner.append(received.target)
        writer.write(reply("{}"))

    with serving_in_thread(inside) as private:
        lure = f'Bearer resource_metadata="{private.url("/metadata")}"'

        async def outside(_received, writer):
            writer.write(reply("", 401, www_authenticate=lure))

        with serving_in_thread(outside) as evil:
            server = McpServer(url=evil.url("/mcp"), allow_hosts=(evil.host,), oauth=True)
            refused = app.mcp_sign_ins.begin(server, BACK, "/tools", "ann")
            assert "Refused to connect to 127.0.0.1: its address is loopback" in refused.message
    assert inner == []


def test_a_sign_in_is_named_by_its_server(house):
    name = sign_in_secret(house.server)
    assert name.startswith("MCP_SIGN_IN.127.0.0.1.")
    assert name != sign_in_secret(McpServer(url="http://127.0.0.1/mcp"))
