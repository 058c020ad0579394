"""Tools of MCP servers: made of what a server says, called while it says the same."""

import asyncio
import json
from contextlib import asynccontextmanager

import msgspec
import pytest

from core.clients.mcp.answer import Called
from core.clients.outbound import Outbound
from core.domain.tool import ToolRequest, ToolSpec
from core.domain.tool_source import ListedTool, McpServer, ToolProgress
from core.errors import FaultError, OutcomeUnknown
from core.tools.mcp import executor as module
from core.tools.mcp.definition import McpTool, secret_places, tool_of, why_not
from core.tools.mcp.result import result_of
from core.tools.toolbox import Toolbox
from tests.support.mcp_servers import SmallServer, tool
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets

SERVER = McpServer(command=("x",))


def listed(name="add", **changes):
    return ListedTool(**({"name": name, "description": f"To {name}.", "parameters": {"properties": {}}} | changes))


def test_a_listed_tool_becomes_one_here():
    made = tool_of("calc_add", "calc", SERVER, listed(is_read_only=True))
    assert (made.name, made.description, made.kind, made.effect, made.repeat) == (
        "calc_add",
        "To add.",
        "mcp",
        "read",
        "safe",
    )
    assert made.parameters == {"type": "object", "properties": {}}
    assert msgspec.convert(made.definition, McpTool) == McpTool(
        source="calc", server=SERVER, tool="add", pinned=listed(is_read_only=True).hash()
    )


def test_what_does_not_say_that_it_only_reads_may_change_something():
    made = tool_of("calc_add", "calc", SERVER, listed())
    assert (made.effect, made.repeat) == ("write", "never")


@pytest.mark.parametrize(
    ("parameters", "said"), [({"type": "array"}, "no object"), ({"properties": {"a": {"type": "banana"}}}, "faulty")]
)
def test_what_cannot_be_a_tool_is_named(parameters, said):
    assert said in why_not(listed(parameters=parameters))
    assert why_not(listed()) == ""


def test_a_tool_without_a_description_is_called_by_its_title():
    assert tool_of("c_add", "c", SERVER, listed(description="", title="Adder")).description == "Adder"


def test_where_secrets_go_is_said_without_their_values():
    server = McpServer(command=("x",), secret_env={"TOKEN": "A"}, secret_headers={"X-Key": "B"}, bearer="C")
    assert secret_places(server) == {
        "A": "variable TOKEN of the command",
        "B": "header X-Key",
        "C": "header authorization: Bearer ‹C›",
    }
    assert secret_places(SERVER) == {}


@pytest.mark.parametrize(
    ("blocks", "structured", "text"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], None, "a\nb"),
        ([{"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}], None, "[image: image/png, 5 bytes]"),
        ([{"type": "audio", "data": "abcde", "mimeType": "audio/wav"}], None, "[audio: audio/wav, not readable]"),
        ([{"type": "resource_link", "uri": "u:x", "name": "n"}], None, "[link: n u:x]"),
        ([{"type": "resource", "resource": {"uri": "u:x", "text": "t"}}], None, "[u:x]\nt"),
        (
            [{"type": "resource", "resource": {"uri": "u:x", "blob": "aGVsbG8="}}],
            None,
            "[u:x: of no type, 5 bytes]",
        ),
        ([{"type": "hologram"}], None, "[a block of the type hologram]"),
        ([], {"n": 1}, '{\n "n": 1\n}'),
        ([], None, "(the tool answered nothing)"),
    ],
)
def test_blocks_as_text(blocks, structured, text):
    result = result_of(Called(tuple(blocks), structured, is_error=False))
    assert result.text == text
    assert result.data["content"] == blocks


def test_files_beyond_a_limit_are_named_and_not_kept(monkeypatch):
    monkeypatch.setattr("core.tools.mcp.result._MOST_BINARY_CHARS", 10)
    image = {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}
    result = result_of(Called((image, image, {"type": "text", "text": "t"}), None, is_error=False))
    assert result.data["content"] == [
        image,
        {"type": "image", "left_out": "more than 10 characters of files"},
        {"type": "text", "text": "t"},
    ]
    assert result.text.count("[image: image/png, 5 bytes]") == 2


@pytest.fixture
def small(tmp_path):
    return SmallServer(tmp_path)


@asynccontextmanager
async def toolbox(**secrets):
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets(secrets))
    try:
        yield box
    finally:
        await box.hang_up()
        box.close()


def spec_of(small, name, server=None, **changes):
    """As a run keeps it: through JSON."""
    described = next(one for one in json.loads((small.folder / "tools.json").read_text()) if one["name"] == name)
    as_listed = ListedTool(
        name=name,
        description=described["description"],
        parameters=described["inputSchema"],
        is_read_only=described["annotations"]["readOnlyHint"],
    )
    spec = tool_of(f"small_{name}", "small", server or small.server, as_listed)
    return msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(spec, **changes)), type=ToolSpec)


def request(spec, time_limit_s=10.0, **arguments):
    return ToolRequest(tool=spec, arguments=arguments, key="run/1.0", time_limit_s=time_limit_s)


async def test_from_the_arguments_to_the_result(small):
    async with toolbox() as box:
        result = await box.call(request(spec_of(small, "add"), a=2, b=3))
        assert (result.text, result.is_error) == ("5", False)
        failed = await box.call(request(spec_of(small, "fail")))
        assert (failed.text, failed.is_error) == ("it does not work", True)
        picture = await box.call(request(spec_of(small, "picture")))
        assert picture.text == "Look:\n[image: image/png, 8 bytes]\n[link: x file:///x]\n[mem:note]\na note"
    assert small.count("started") == 1


async def test_secrets_reach_the_server_and_never_come_back(small):
    server = McpServer(command=small.command, secret_env={"TOKEN": "KEY"})
    async with toolbox(KEY="pa55word-of-mine") as box:
        result = await box.call(request(spec_of(small, "environment", server)))
    assert '"TOKEN": "[secret KEY]"' in result.text
    assert "pa55word" not in json.dumps(result.data)


async def test_what_a_server_says_of_itself(small):
    server = McpServer(command=small.command, secret_env={"TOKEN": "KEY"})
    small.lists(tool("add", "Sums for pa55word-of-mine."), tool("other"), tool("add", "Once more."))
    async with toolbox(KEY="pa55word-of-mine") as box:
        survey = await box.survey(server)
    assert survey.server_name == "small 1"
    assert [(listed.name, listed.description) for listed in survey.tools] == [
        ("add", "Sums for [secret KEY]."),
        ("other", "To other."),
    ]


async def test_a_missing_secret_is_named_and_nothing_is_started(small):
    server = McpServer(command=small.command, secret_env={"TOKEN": "KEY"})
    async with toolbox() as box:
        spec = spec_of(small, "add", server)
        with pytest.raises(FaultError, match="The secret KEY is not set"):
            await box.call(request(spec, a=1, b=1))
        fault = await box.fault([spec], is_first=True)
    assert fault.message.startswith("The MCP server small cannot be used: The secret KEY is not set.")
    assert small.log == []


async def test_a_lost_answer_is_unknown_for_a_write_and_a_failure_for_a_question(small):
    async with toolbox() as box:
        with pytest.raises(OutcomeUnknown, match="small: Connection closed"):
            await box.call(request(spec_of(small, "die")))
        with pytest.raises(FaultError, match="connection: small: Connection closed"):
            await box.call(request(spec_of(small, "die", effect="read")))
        with pytest.raises(OutcomeUnknown, match="no answer within"):
            await box.call(request(spec_of(small, "hang"), time_limit_s=0.3))
    assert small.count("tools/call die") == 2
    assert small.count("tools/call hang") == 1


async def test_a_server_that_does_not_come_up_in_time_was_not_called(small):
    async with toolbox() as box:
        spec = spec_of(small, "add", McpServer(command=("sleep", "60")))
        with pytest.raises(FaultError, match="nothing was called"):
            await box.call(request(spec, time_limit_s=0.3, a=1, b=1))


async def test_a_cancelled_call_ends_within_two_seconds(small):
    async with toolbox() as box:
        call = asyncio.create_task(box.call(request(spec_of(small, "hang"), time_limit_s=60)))
        while small.count("tools/call hang") == 0:
            await asyncio.sleep(0.01)
        call.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await call


async def test_how_far_a_call_is(small):
    async with toolbox(KEY="quarter") as box:
        server = McpServer(command=small.command, secret_env={"TOKEN": "KEY"})
        asked = request(spec_of(small, "slow", server), time_limit_s=20)
        call = asyncio.create_task(box.call(asked))
        async with asyncio.timeout(10):
            while (progress := box.progress(asked.key)) is None:
                await asyncio.sleep(0.01)
        assert progress == ToolProgress(1, 4, "a [secret KEY]")
        assert progress.share == 0.25
        (small.folder / "go").touch()
        assert (await call).text == "slowly done"
        assert box.progress(asked.key) is None


async def test_a_tool_that_says_another_thing_is_not_called(small, monkeypatch):
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    async with toolbox() as box:
        spec = spec_of(small, "add")
        assert await box.fault([spec], is_first=True) is None
        small.lists(tool("add", "Subtract two numbers."))
        with pytest.raises(FaultError, match="tool_drift: small describes it otherwise"):
            await box.call(request(spec, a=1, b=1))
        fault = await box.fault([spec], is_first=True)
        assert (fault.kind, "small describes it otherwise than what was accepted: add." in fault.message) == (
            "tool_drift",
            True,
        )
        small.lists(tool("other"))
        assert "no longer has it: add." in (await box.fault([spec], is_first=True)).message
    assert small.count("tools/call") == 0


async def test_what_else_changes_on_the_server_does_not_matter(small):
    async with toolbox() as box:
        spec = spec_of(small, "add")
        small.lists(tool("add"), tool("new"))
        assert await box.fault([spec, spec_of(small, "add")], is_first=True) is None
    assert small.count("tools/list") == 1


async def test_a_running_run_asks_only_now_and_then(small):
    async with toolbox() as box:
        spec = spec_of(small, "add")
        for is_first in (True, False, False, True):
            assert await box.fault([spec], is_first=is_first) is None
    assert small.count("tools/list") == 2


async def test_without_tools_of_servers_nobody_is_asked():
    async with toolbox() as box:
        assert await box.fault(box.specs(), is_first=True) is None


async def test_a_server_that_is_not_there_stops_the_run(small):
    async with toolbox() as box:
        spec = spec_of(small, "add", McpServer(command=("/no/such",)))
        fault = await box.fault([spec], is_first=True)
    assert (fault.kind, fault.message) == (
        "connection",
        "The MCP server small cannot be used: There is no command '/no/such' on this machine.",
    )
