"""MCP servers as they are typed."""

import pytest

from core.domain.tool_source import McpServer
from core.services.mcp_drafts import McpDraft, McpDrafts, server_of, suggested_name


def test_each_person_has_a_draft(engine):
    drafts, draft = McpDrafts(engine), McpDraft(by="url", url="https://x")
    drafts.put(draft, "ann")
    assert (drafts.get("ann"), drafts.get("bob")) == (draft, McpDraft())
    drafts.discard("ann")
    assert drafts.get("ann") == McpDraft()


def test_a_command_with_its_variables():
    draft = McpDraft(command="npx -y 'a b'", variables="LEVEL=debug\n\n A = b=c ", secrets="TOKEN=KEY", url="https://x")
    assert server_of(draft).value == McpServer(
        command=("npx", "-y", "a b"), env={"LEVEL": "debug", "A": "b=c"}, secret_env={"TOKEN": "KEY"}
    )


def test_an_address():
    draft = McpDraft(by="url", command="x", url=" https://x/mcp ", bearer="KEY ", hosts="127.0.0.1:9000, x")
    assert server_of(draft).value == McpServer(url="https://x/mcp", bearer="KEY", allow_hosts=("127.0.0.1:9000", "x"))


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"command": "npx 'a"}, "command", "no closing quotation"),
        ({"variables": "A"}, "variables", "'A' is not NAME=value."),
        ({"secrets": "=B"}, "secrets", "'=B' is not NAME=value."),
        ({"secrets": "A="}, "secrets", "'A=' is not NAME=value."),
    ],
)
def test_what_cannot_be_read_is_said(typed, field, said):
    result = server_of(McpDraft(**typed))
    assert (result.kind, result.field, said in result.message) == ("invalid", field, True)


@pytest.mark.parametrize(
    ("server_name", "name"),
    [("mcp-time 2026.1", "mcp-time"), ("mcp-servers/everything 2.0", "everything"), ("ä!", ""), ("", "")],
)
def test_a_name_is_suggested(server_name, name):
    assert suggested_name(server_name) == name
