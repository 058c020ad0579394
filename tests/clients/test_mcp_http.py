"""MCP over HTTP: through the guard, each failure told apart, one lost call harming no other."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.clients.mcp import http as module
from core.clients.mcp.errors import LostAnswerError
from core.clients.mcp.sessions import McpSessions
from core.domain.tool_source import McpServer
from core.errors import FaultError
from tests.support.loopback import Loopback, Received, always, reply, serving
from tests.support.mcp_servers import tool

TOOLS = [tool("add"), tool("other")]
Speak = Callable[[dict, asyncio.StreamWriter], bytes | None]


def rpc(message: dict, **headers: str) -> bytes:
    return reply(json.dumps({"jsonrpc": "2.0", **message}), content_type="application/json", **headers)


def speaking(called: Speak, session: str = ""):
    """A server of the handshake era whose calls are answered by `called`; None: the connection is dropped."""

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        if received.method != "POST":
            writer.write(reply(status=405))
            return
        message = json.loads(received.body)
        said = _handshake(message, session) or called(message, writer)
        if said is not None:
            writer.write(said)

    return answer


def _handshake(message: dict, session: str) -> bytes | None:
    asked, headers = message.get("id"), {"mcp_session_id": session} if session else {}
    match message["method"]:
        case "server/discover":
            return rpc({"id": asked, "error": {"code": -32601, "message": "no"}})
        case "initialize":
            result = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "raw", "version": "1"},
            }
            return rpc({"id": asked, "result": result}, **headers)
        case "tools/list":
            return rpc({"id": asked, "result": {"tools": TOOLS}})
        case "tools/call" if message["params"]["name"] == "other":
            return rpc({"id": asked, "result": {"content": [{"type": "text", "text": "fine"}]}})
        case "tools/call":
            return None
        case _:
            return reply(status=202)


def at(server: Loopback, **changes) -> McpServer:
    return McpServer(url=server.url("/mcp"), **({"allow_hosts": (server.host,)} | changes))


@asynccontextmanager
async def opened():
    sessions = McpSessions()
    try:
        yield sessions
    finally:
        await sessions.close()


async def words(session, name="add") -> str:
    return (await session.call(name, {"a": 1, "b": 2}, 5)).content[0]["text"]


async def test_a_real_server():
    script = Path(__file__).parent.parent / "support" / "mcp_http_server.py"
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", str(script), stdout=asyncio.subprocess.PIPE)
    try:
        port = int(await process.stdout.readline())
        url = f"http://127.0.0.1:{port}/mcp"
        async with opened() as sessions:
            session = await sessions.get(McpServer(url=url, allow_hosts=("127.0.0.1",)), {})
            (listed,) = await session.listing()
            assert (listed.name, listed.description) == ("add", "Add two numbers.")
            called = await session.call("add", {"a": 1, "b": 2}, 5)
            assert called.structured == {"result": 3}
    finally:
        process.kill()
        await process.communicate()


async def test_private_hosts_are_refused_unless_allowed():
    async with serving(speaking(lambda *_: None)) as server, opened() as sessions:
        with pytest.raises(FaultError, match=r"Refused to connect to 127\.0\.0\.1"):
            await sessions.get(at(server, allow_hosts=()), {})
        assert server.requests == []
        await sessions.get(at(server), {})


async def test_nobody_listening_is_said():
    async with serving(speaking(lambda *_: None)) as server:
        gone = at(server)
    async with opened() as sessions:
        with pytest.raises(FaultError) as failed:
            await sessions.get(gone, {})
    assert failed.value.fault.kind == "connection"


async def test_secrets_go_as_headers():
    async with serving(speaking(lambda *_: None)) as server, opened() as sessions:
        await sessions.get(at(server, bearer="A", secret_headers={"X-Key": "B"}), {"A": "token-a", "B": "key-b"})
    for request in server.requests:
        assert (request.headers["authorization"], request.headers["x-key"]) == ("Bearer token-a", "key-b")


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "auth"), (403, "auth"), (404, "not_found"), (429, "rate_limited"), (500, "server_error")]
)
async def test_an_http_error_keeps_its_words(status, kind):
    async with serving(always(reply("because", status))) as server, opened() as sessions:
        with pytest.raises(FaultError) as failed:
            await sessions.get(at(server), {})
    assert failed.value.fault.message == f"HTTP {status} because."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "broke off|disconnected|without sending"),
        (reply("<p>hello"), "the answer is none: HTTP 200 <p>hello"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{", "broke off"),
        (reply("{}" * 100, content_type="application/json"), "longer than 100 bytes"),
        (reply("data: nonsense\n\n", content_type="text/event-stream"), "Failed to parse"),
        (reply("", content_type="text/event-stream"), "SSE stream ended without a response"),
    ],
)
async def test_a_lost_answer_is_told_from_a_failure_and_harms_no_other_call(monkeypatch, answer, said):
    async with serving(speaking(lambda *_: answer)) as server, opened() as sessions:
        session = await sessions.get(at(server), {})
        monkeypatch.setattr(module, "ANSWER_LIMIT_BYTES", 100)
        with pytest.raises(LostAnswerError, match=said):
            await words(session)
        assert await words(session, "other") == "fine"
        assert not session.is_over
        calls = [json.loads(request.body) for request in server.requests if b"tools/call" in request.body]
    assert [call["params"]["name"] for call in calls] == ["add", "other"]


async def test_errors_of_the_protocol_and_of_http_are_clean_failures():
    error = {"code": -32602, "message": "bad input"}
    answers = [reply("teapot", 418), None]

    def called(message, _):
        return answers.pop() or rpc({"id": message["id"], "error": error})

    async with serving(speaking(called)) as server, opened() as sessions:
        session = await sessions.get(at(server), {})
        with pytest.raises(FaultError, match="tool_failed: bad input"):
            await words(session)
        with pytest.raises(FaultError, match="bad_request: HTTP 418 teapot"):
            await words(session)


async def test_a_forgotten_session_is_opened_anew_for_the_next_call():
    async with serving(speaking(lambda *_: reply("who?", 404), session="s1")) as server, opened() as sessions:
        session = await sessions.get(at(server), {})
        with pytest.raises(FaultError, match="has forgotten the session"):
            await words(session)
        assert session.is_over
        again = await sessions.get(at(server), {})
        assert again is not session
        assert await words(again, "other") == "fine"


async def test_a_cancelled_call_ends_at_once():
    waiting = asyncio.Event()

    async def answer(received, writer):
        message = json.loads(received.body or b"{}")
        if message.get("method") == "tools/call":
            waiting.set()
            await writer.wait_closed()
        writer.write(_handshake(message, "") if message else reply(status=405))

    async with serving(answer) as server, opened() as sessions:
        session = await sessions.get(at(server), {})
        call = asyncio.create_task(session.call("add", {}, 60))
        await waiting.wait()
        call.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await call
