"""A conversation taken along: readable, complete, and nothing in it breaks out of its place."""

import msgspec
import pytest

from core.services.conversation_files import _fenced, as_json, as_markdown
from core.services.runs import StartRun
from tests.support.scripted import ScriptedServer, calls, text
from tests.support.workspace import rested, workspace

SEVENTEEN = ("calculator", '{"expression": "17 / 100 * 2340"}')


@pytest.fixture
def talk(settings):
    """A conversation of two branches."""
    with (
        ScriptedServer(calls(SEVENTEEN), text("It is 397.8."), text("I will not.")) as server,
        workspace(settings, server) as app,
    ):
        agent = next(row.agent for row in app.agents.list() if row.agent.name == "Number clerk")
        conversation = app.conversations.create(agent.id, "", title="Tax")
        ask = StartRun(input="What is 17 %?", agent_id=agent.id, conversation_id=conversation.id, endpoint="scripted")
        first = rested(app, app.runs.start(ask).value.id)
        ask = msgspec.structs.replace(ask, input="```\n# not a heading", from_start=True)
        second = rested(app, app.runs.start(ask).value.id)
        yield conversation, [first, second]


def test_markdown_reads_like_the_conversation(talk):
    conversation, (first, _) = talk
    lines = as_markdown(conversation, [first]).splitlines()
    assert lines[0] == "# Tax"
    wanted = ["What is 17 %?", "## Number clerk · scripted", "**calculator**", "```json", "It is 397.8."]
    places = [lines.index(line) for line in wanted]
    assert places == sorted(places)
    assert any("397.8" in line for line in lines[places[3] : places[4]]), "the tool's result stands between"


def test_json_holds_every_branch_and_how_they_hang_together(talk):
    conversation, views = talk
    document = msgspec.json.decode(as_json(conversation, views))
    assert document["format"] == "aryabhatta-conversation-1"
    first, second = document["runs"]
    assert (first["parent_run_id"], second["parent_run_id"]) == (None, None)
    assert first["steps"][0]["calls"][0]["tool"] == "calculator"
    assert "397.8" in first["steps"][0]["calls"][0]["result"]
    assert second["steps"][0]["text"] == "I will not."


def test_a_result_cannot_close_its_own_fence():
    assert _fenced("a ````\nb", "") == "`````\na ````\nb\n`````"
