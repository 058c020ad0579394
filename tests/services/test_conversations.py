import pytest

from core.domain.agent import AgentSpec
from core.ids import new_id
from core.services.agents import AgentService
from core.services.conversations import ConversationService
from tests.support.run_rows import keep, run_row


@pytest.fixture
def conversations(engine):
    return ConversationService(engine)


@pytest.fixture
def talk(engine, conversations):
    agent = AgentService(engine).create("Clerk", AgentSpec(), "ada").value
    return conversations.create(agent.id, "ada")


def test_a_conversation_is_called_by_its_first_input_until_it_is_renamed(engine, conversations, talk):
    assert conversations.get(talk.id).title == ""
    keep(engine, run_row(conversation_id=talk.id, input="What is VAT?"))
    found = conversations.get(talk.id)
    assert (found.title, found.agent_name) == ("What is VAT?", "Clerk")
    assert conversations.rename(talk.id, "  Tax \n matters ", "ada").value.title == "Tax matters"
    assert conversations.get(talk.id).title == "Tax matters"


def test_an_archived_conversation_is_only_listed_among_its_kind(conversations, talk):
    conversations.archive(talk.id, "ada")
    assert conversations.list() == []
    assert [row.conversation.id for row in conversations.list(archived=True)] == [talk.id]
    conversations.archive(talk.id, "ada", archived=False)
    assert [row.conversation.id for row in conversations.list()] == [talk.id]


def test_the_path_follows_the_newest_branch(engine, conversations, talk):
    first = run_row(conversation_id=talk.id, input="1")
    left = run_row(conversation_id=talk.id, input="2a", parent_run_id=first.id)
    right = run_row(conversation_id=talk.id, input="2b", parent_run_id=first.id)
    keep(engine, first, left, right, run_row(input="elsewhere"))
    assert [run.input for run in conversations.path(talk.id)] == ["1", "2b"]
    assert [run.input for run in conversations.path(talk.id, left.id)] == ["1", "2a"]
    assert [run.input for run in conversations.runs(talk.id)] == ["1", "2a", "2b"]


def test_nobody(conversations):
    ghost = new_id()
    assert conversations.get(ghost) is None
    assert conversations.path(ghost) == []
    assert conversations.rename(ghost, "x", "ada").kind == "not_found"


def test_a_search_says_where_it_found_the_text(engine, conversations, talk):
    said = run_row(conversation_id=talk.id, input="What is VAT?", output="It is 19 % in Germany.")
    keep(engine, said, run_row(conversation_id=talk.id, input="And in Austria?", output="20 %"))
    (row,) = conversations.list(search="germany")
    assert (row.found, row.found_run_id) == ("It is 19 % in Germany.", said.id)
    conversations.rename(talk.id, "Taxes", "ada")
    (row,) = conversations.list(search="taxes")
    assert (row.found, row.found_run_id) == ("", None)
    assert conversations.list(search="France") == []
