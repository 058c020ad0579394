"""Sessions with MCP servers over pipes: opened once, shared, opened anew after they died, never asked twice."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

import pytest

from core.clients.mcp import sessions as module
from core.clients.mcp.answer import Called
from core.clients.mcp.errors import LostAnswerError
from core.clients.mcp.sessions import McpSessions
from core.domain.tool_source import McpServer
from core.errors import FaultError
from tests.support.mcp_servers import GIT, NAMES, TIME, SmallServer, tool


@pytest.fixture
def small(tmp_path):
    return SmallServer(tmp_path)


@asynccontextmanager
async def opened():
    sessions = McpSessions()
    try:
        yield sessions
    finally:
        await sessions.close()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def words(called: Called) -> str:
    return called.content[0]["text"]


async def test_tools_are_listed_and_called(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        listing = await session.listing()
        assert [listed.name for listed in listing] == list(NAMES)
        assert listing[0].description == "To add."
        assert words(await session.call("add", {"a": 2, "b": 3}, 5)) == "5"
    assert small.log[-1] == "ended"


async def test_one_session_serves_everybody(small):
    async with opened() as sessions:
        first, second = await asyncio.gather(sessions.get(small.server, {}), sessions.get(small.server, {}))
        assert first is second
        calls = [first.call("add", {"a": n, "b": 0}, 5) for n in range(20)]
        assert [words(called) for called in await asyncio.gather(*calls)] == [str(n) for n in range(20)]
    assert small.count("started") == 1


async def test_another_secret_is_another_session(small):
    server = McpServer(command=small.command, env={"PLAIN": "p"}, secret_env={"TOKEN": "KEY"})
    async with opened() as sessions:
        said = [words(await (await sessions.get(server, {"KEY": key})).call("environment", {}, 5)) for key in "ab"]
    assert '"TOKEN": "a"' in said[0]
    assert '"TOKEN": "b"' in said[1]
    assert '"PLAIN": "p"' in said[0]
    assert small.count("started") == 2


async def test_a_command_gets_nothing_else_of_this_machine(small, monkeypatch):
    monkeypatch.setenv("HUGGING_FACE_AUTH_TOKEN", "pa55word")
    async with opened() as sessions:
        assert "pa55word" not in words(await (await sessions.get(small.server, {})).call("environment", {}, 5))


async def test_an_error_of_the_tool_is_an_answer(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        called = await session.call("fail", {}, 5)
        assert (called.is_error, words(called)) == (True, "it does not work")
        with pytest.raises(FaultError, match="tool_failed: not today"):
            await session.call("refuse", {}, 5)


async def test_junk_between_the_messages_is_passed_over(small):
    async with opened() as sessions:
        assert words(await (await sessions.get(small.server, {})).call("junk", {}, 5)) == "after junk"


async def test_an_answer_that_is_none_is_a_lost_one(small):
    async with opened() as sessions:
        with pytest.raises(LostAnswerError, match="not one of MCP"):
            await (await sessions.get(small.server, {})).call("wrong", {}, 5)


async def test_a_server_that_dies_in_a_call_is_started_for_the_next_and_not_asked_again(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        with pytest.raises(LostAnswerError, match="Connection closed"):
            await session.call("die", {}, 5)
        await until(lambda: session.is_over)
        again = await sessions.get(small.server, {})
        assert again is not session
        assert words(await again.call("add", {"a": 1, "b": 1}, 5)) == "2"
    assert small.count("tools/call die") == 1
    assert small.count("started") == 2


async def test_a_server_that_is_killed_while_idle_is_noticed(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        os.kill(int(small.log[0].split()[1]), signal.SIGKILL)
        await until(lambda: session.is_over)
        assert words(await (await sessions.get(small.server, {})).call("add", {"a": 1, "b": 1}, 5)) == "2"


async def test_silence_has_an_end_and_the_server_hears_of_it(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        with pytest.raises(LostAnswerError, match="no answer within") as lost:
            await session.call("hang", {}, 0.2)
        assert lost.value.fault.kind == "timeout"
        await until(lambda: small.count("notifications/cancelled") == 1)
        assert words(await session.call("add", {"a": 1, "b": 1}, 5)) == "2"


async def test_a_cancelled_call_tells_the_server_and_leaves_the_session_alone(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        call = asyncio.create_task(session.call("hang", {}, 60))
        await until(lambda: small.count("tools/call hang") == 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: small.count("notifications/cancelled") == 1)
        assert words(await session.call("add", {"a": 1, "b": 1}, 5)) == "2"
    assert small.count("started") == 1


async def test_a_listing_is_asked_again_when_it_is_old(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        await session.listing()
        small.lists(tool("add", "Another word."))
        assert len(await session.listing(max_age_s=60)) == len(NAMES)
        (only,) = await session.listing(max_age_s=0)
        assert only.description == "Another word."


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("/no/such/command",), "There is no command '/no/such/command' on this machine."),
        (("/",), "The command '/' cannot be started: Permission denied."),
        (("sh", "-c", "echo I need a key >&2; exit 1"), "Connection closed. It said: I need a key"),
    ],
)
async def test_why_a_server_does_not_start_is_said(command, said):
    async with opened() as sessions:
        with pytest.raises(FaultError) as failed:
            await sessions.get(McpServer(command=command), {})
    assert failed.value.fault.message == said


async def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "OPEN_S", 0.3)
    async with opened() as sessions:
        with pytest.raises(FaultError, match=r"did not answer within 0\.3 seconds"):
            await sessions.get(McpServer(command=("sleep", "60")), {})


async def test_closing_ends_the_commands(small):
    async with opened() as sessions:
        session = await sessions.get(small.server, {})
        pid = int(small.log[0].split()[1])
        call = asyncio.create_task(session.call("hang", {}, 60))
        await until(lambda: small.count("tools/call hang") == 1)
    with pytest.raises(LostAnswerError):
        await call
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_reference_servers(tmp_path):
    async with opened() as sessions:
        time, git = await asyncio.gather(sessions.get(TIME, {}), sessions.get(GIT, {}))
        converted = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
        called = await time.call("convert_time", converted, 30)
        assert called.structured["time_difference"] == "+9.0h"
        assert "git_status" in [listed.name for listed in await git.listing()]
        failed = await git.call("git_status", {"repo_path": str(tmp_path)}, 30)
        assert failed.is_error
