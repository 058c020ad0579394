"""Prompts, tools, endpoints, secrets, preferences and conversations: one table each."""

import threading

import pytest
from sqlalchemy.orm import Session

from core.domain.agent import Variable
from core.domain.endpoint import Compatibility, Endpoint
from core.domain.result import Ok
from core.domain.tool import ToolSpec
from core.ids import new_id
from core.repositories.conversations import ConversationRepository
from core.repositories.endpoints import EndpointRepository
from core.repositories.preferences import PreferenceRepository
from core.repositories.prompts import PromptRepository
from core.repositories.secrets import SecretRepository
from core.repositories.tools import ToolRepository

TOOL = ToolSpec(
    name="weather",
    kind="http",
    description="The weather of a town",
    parameters={"type": "object", "properties": {"town": {"type": "string"}, "day": {"type": "string"}}},
    repeat="never",
    effect="write",
    definition={"url": "https://example.com/{town}"},
)


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.mark.parametrize("kind", ["system", "user"])
def test_versions_of_a_prompt(session, kind):
    prompts = PromptRepository(session, kind)
    first = prompts.add("Greeting", "Hello {{who}}", (Variable("who"),), "ada").value
    second = prompts.add("Greeting", "Hi {{who}}", (), "bob", "production").value
    assert (first.kind, first.number, second.number, second.label) == (kind, 1, 2, "production")
    assert prompts.get("Greeting") == second
    assert prompts.get("Greeting", 1) == first
    assert prompts.get("Greeting", 3) is None
    assert prompts.versions("Greeting") == [second, first]
    assert prompts.list() == [second]


def test_prompts_of_one_kind_are_not_those_of_the_other(session):
    PromptRepository(session, "system").add("Greeting", "Hello", (), "ada")
    assert PromptRepository(session, "user").list() == []


def test_prompts_are_found_in_their_newest_version(session):
    prompts = PromptRepository(session, "system")
    prompts.add("Greeting", "old words", (), "ada")
    prompts.add("Greeting", "new words", (), "ada")
    assert prompts.list("old") == []
    assert [prompt.number for prompt in prompts.list("NEW")] == [2]


def test_a_prompt_needs_a_name(session):
    assert PromptRepository(session, "user").add("", "x", (), "ada").field == "name"


def test_a_tool_comes_back_as_it_was(session):
    tools = ToolRepository(session)
    added = tools.add(TOOL, "https://example.com/openapi.json", "ada").value
    assert tools.get("weather") == added
    assert list(added.parameters["properties"]) == ["town", "day"], "the order in which a model is told"
    assert {f: getattr(added, f) for f in TOOL.__struct_fields__ if f != "id"} == {
        f: getattr(TOOL, f) for f in TOOL.__struct_fields__ if f != "id"
    }
    assert added.id


def test_a_tool_is_found_replaced_and_archived(session):
    tools = ToolRepository(session)
    tools.add(TOOL, "somewhere", "ada")
    assert tools.add(TOOL, "elsewhere", "ada").kind == "conflict"
    assert [tool.name for tool in tools.list("TOWN")] == ["weather"]
    assert tools.list("nothing") == []
    assert tools.archive("weather").value.name == "weather"
    assert tools.list() == []
    assert [tool.name for tool in tools.list(archived=True)] == ["weather"]
    assert tools.update(TOOL, "elsewhere").value.description == TOOL.description
    assert [tool.name for tool in tools.list("elsewhere")] == ["weather"]
    assert tools.archive("nobody").kind == "not_found"


def test_a_tools_name_is_one_that_every_provider_takes(session):
    refused = ToolRepository(session).add(ToolSpec(name="a b", kind="http", description="", parameters={}), "", "ada")
    assert (refused.kind, refused.field) == ("invalid", "name")


def test_endpoints(session):
    endpoints = EndpointRepository(session)
    wanted = Endpoint(
        name="office",
        kind="openai",
        base_url="http://10.0.0.5:8000/v1",
        secret="OFFICE",
        model="qwen",
        compatibility=Compatibility(stream_options=False),
    )
    added = endpoints.add(wanted, "ada").value
    assert (added.kind, added.compatibility, added.id is None) == ("openai", wanted.compatibility, False)
    assert endpoints.get("office") == added
    changed = endpoints.update("office", model="llama", compatibility=Compatibility(stream=False)).value
    assert (changed.model, changed.compatibility.stream, changed.secret) == ("llama", False, "OFFICE")
    assert endpoints.list() == [changed]
    assert endpoints.add(wanted, "ada").kind == "conflict"
    assert endpoints.update("office", base_url="ftp://x").field == "base_url"
    assert isinstance(endpoints.delete("office"), Ok)
    assert endpoints.delete("office").kind == "not_found"
    assert endpoints.get("office") is None


def test_secrets_are_replaced_and_deleted(session):
    secrets = SecretRepository(session)
    secrets.put("KEY", b"one", "ada")
    secrets.put("KEY", b"two", "bob")
    assert secrets.ciphertext("KEY") == b"two"
    assert [secret.name for secret in secrets.names()] == ["KEY"]
    assert secrets.put("a b", b"x", "ada").field == "name"
    assert isinstance(secrets.delete("KEY"), Ok)
    assert secrets.delete("KEY").kind == "not_found"
    assert secrets.ciphertext("KEY") is None


def test_preferences(session):
    preferences = PreferenceRepository(session)
    assert preferences.get("theme") == {}
    preferences.put("theme", {"name": "dark"}, "ada")
    preferences.put("theme", {"name": "light"}, "ada")
    assert preferences.get("theme") == {"name": "light"}
    preferences.delete("theme")
    assert preferences.get("theme") == {}


def test_exactly_one_of_many_claims_a_name(engine):
    start, claimed = threading.Barrier(4), []

    def claim():
        with Session(engine) as session:
            start.wait()
            claimed.append(PreferenceRepository(session).claim("once"))
            session.commit()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [False, False, False, True]


def test_conversations(session):
    conversations = ConversationRepository(session)
    talk = conversations.add(None, "ada", "Plans").value
    session.commit()
    assert conversations.get(talk.id) == talk
    renamed = conversations.update(talk.id, title="Better plans", archived=True).value
    assert (renamed.title, renamed.archived) == ("Better plans", True)
    assert renamed.updated_at > talk.updated_at
    assert conversations.update(new_id(), title="x").kind == "not_found"
    assert conversations.add(new_id(), "ada").kind == "not_found"
