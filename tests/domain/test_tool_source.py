"""What changed of a server's tools."""

import msgspec

from core.domain.tool_source import ListedTool, McpServer, ToolSource
from tests.support.engine import START

ADD, SUB = ListedTool(name="add", description="To add."), ListedTool(name="sub")


def source(accepted, seen):
    return ToolSource(
        id="01890a5d-ac96-774b-bcce-b302099a8057",
        name="calc",
        server=McpServer(command=("calc",)),
        server_name="",
        accepted=accepted,
        seen=seen,
        checked_at=START,
        fault="",
        created_by="",
        created_at=START,
        updated_by="",
        updated_at=START,
    )


def test_only_what_is_in_use_can_drift():
    changed = msgspec.structs.replace(ADD, description="To subtract.", is_read_only=True)
    (drift,) = source((ADD,), (SUB, changed)).drifts
    assert (drift.tool, drift.before, drift.now) == ("add", ADD, changed)
    assert drift.parts() == ("description", "whether it only reads")
    assert source((ADD,), (SUB, ADD)).drifts == ()


def test_a_tool_that_is_gone_has_drifted():
    (drift,) = source((ADD, SUB), (SUB,)).drifts
    assert (drift.tool, drift.now, drift.parts()) == ("add", None, ())


def test_a_description_is_named_by_its_content():
    assert ADD.hash() == msgspec.structs.replace(SUB, name="add", description="To add.").hash() != SUB.hash()


def test_a_server_is_where_it_is_and_names_its_secrets():
    assert McpServer(command=("npx", "-y", "x")).place() == "npx -y x"
    assert McpServer(url="https://x/mcp", bearer="A", secret_headers={"k": "B"}).secrets() == {"A", "B"}
