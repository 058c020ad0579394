"""The finder: a few things of each kind, the likeliest first."""

from collections.abc import Iterator

import pytest

from core.bootstrap import App
from core.services.finder import MOST
from core.services.runs import StartRun
from core.settings import Settings
from tests.support.scripted import ScriptedServer, text
from tests.support.workspace import ENDPOINT, rested, workspace


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    model = ScriptedServer().start()
    model.plan(text("It is ", "sunny."))
    with workspace(settings, model, adopt=True) as app:
        yield app
    model.stop()


def found(app: App, search: str) -> list[tuple[str, str]]:
    return [(one.kind, one.title) for one in app.finder.find(search)]


def test_agents_tools_and_prompts_are_found_by_name(app: App):
    app.prompts.save("system", "Clerk's manners", "Be polite.", (), "ada")
    app.prompts.save("user", "Ask the clerk", "How are you?", (), "ada")
    assert found(app, "clerk") == [
        ("system prompt", "Clerk's manners"),
        ("agent", "Number clerk"),
        ("user prompt", "Ask the clerk"),
    ]
    assert ("tool", "calculator") in found(app, "CALC")
    assert app.finder.find("Number clerk")[0].key == str(app.agents.by_name("Number clerk").id)


def test_datasets_and_collections_are_found_by_name_and_what_they_are_for(app: App):
    dataset = app.datasets.create("Rivers", "ada", "What people ask about water").value
    collection = app.knowledge.create("River almanac", "ada").value
    keys = {(one.kind, one.key) for one in app.finder.find("RIVER")}
    assert {("dataset", str(dataset.id)), ("collection", str(collection.id))} <= keys
    assert found(app, "about water") == [("dataset", "Rivers")]
    app.datasets.update(dataset.id, archived=True)
    assert found(app, "about water") == []


def test_what_begins_with_the_text_comes_first(app: App):
    spec = app.agents.live_spec(app.agents.by_name("Number clerk"))
    for name in ("The rose", "Roses", "A primrose"):
        app.agents.create(name, spec, "ada")
    assert [title for kind, title in found(app, "rose") if kind == "agent"] == ["Roses", "The rose", "A primrose"]


def test_conversations_and_runs_are_found_by_what_was_said(app: App):
    agent = app.agents.by_name("Number clerk")
    talk = app.conversations.create(agent.id, "ada", title="Plans")
    start = StartRun(input="How is <b>Pune</b>?", agent_id=agent.id, conversation_id=talk.id, endpoint=ENDPOINT)
    run = rested(app, app.runs.start(start).value.id).run
    assert found(app, "sunny") == [("conversation", "Plans"), ("run", "How is <b>Pune</b>?")]
    assert found(app, str(run.id)) == [("run", "How is <b>Pune</b>?")]
    assert found(app, "") == [("conversation", "Plans")]
    app.conversations.archive(talk.id, "ada")
    assert found(app, "") == []


def test_of_each_kind_only_a_few(app: App):
    for number in range(MOST + 2):
        app.prompts.save("user", f"Greeting {number}", "Hello", (), "ada")
    assert found(app, "greeting") == [("user prompt", f"Greeting {number}") for number in range(MOST)]


@pytest.mark.parametrize("search", ["%%%", "\\", "';--", "01a20569-51fc-76c3-9805-51d0b37d02d1", "nothing like it"])
def test_odd_texts_find_nothing(app: App, search: str):
    assert found(app, search) == []
