"""Publishing, keys, and what becomes of an idempotency key."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text as sql

from core.bootstrap import App
from core.domain.agent import AgentSpec, Variable
from core.domain.asked import Question, Turn
from core.domain.result import Err, Ok
from core.settings import Settings
from tests.support.scripted import ScriptedServer, text
from tests.support.served import new_key, published
from tests.support.workspace import ENDPOINT, rested, workspace


@pytest.fixture
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def app(settings: Settings, model: ScriptedServer) -> Iterator[App]:
    with workspace(settings, model, adopt=True) as app:
        yield app


def question(words: str = "Hello") -> Question:
    return Question(turns=(Turn("user", words),))


def test_a_key_is_kept_as_a_hash_alone(app: App, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    made = new_key(app)
    assert made.value.startswith(made.key.prefix)
    assert len(made.value) > len(made.key.prefix) + 30
    assert app.publishing.key_of(made.value) is not None
    with app._parts.engine.connect() as connection:
        tables = connection.scalars(
            sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        rows = [connection.execute(sql(f'SELECT t::text FROM "{table}" t')).all() for table in tables]
    secret = made.value.removeprefix(made.key.prefix)
    assert secret not in str(rows)
    assert secret not in caplog.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"agent_ids": ()}, "agent_ids"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_in_words(app: App, changes, field):
    made = app.publishing.make_key(**({"name": "Shop", "who": "Ada"} | changes))
    assert isinstance(made, Err)
    assert made.field == field


def test_two_living_keys_have_two_names(app: App):
    first = new_key(app)
    assert isinstance(app.publishing.make_key("Shop", "Ada"), Err)
    revoked = app.publishing.revoke_key(first.key.id, "Bob")
    assert isinstance(revoked, Ok)
    again = app.publishing.revoke_key(first.key.id, "Eve")
    assert (again.value.revoked_by, again.value.revoked_at) == ("Bob", revoked.value.revoked_at)
    new_key(app)
    assert app.publishing.key_of(first.value) is None


def test_a_draft_is_not_published_and_no_revision_that_is_not_there(app: App):
    agent = published(app)
    assert isinstance(app.publishing.publish(agent.id, "Ada", 7), Err)
    with app._parts.engine.begin() as connection:
        connection.execute(sql("UPDATE agents SET live_revision = NULL, draft = '{}' WHERE id = :id"), {"id": agent.id})
    assert isinstance(app.publishing.publish(agent.id, "Ada"), Err)


def test_asked_at_once_under_one_idempotency_key_there_is_one_run(app: App, model: ScriptedServer):
    published(app)
    key = new_key(app).key
    model.plan(text("Hello."))
    with ThreadPoolExecutor(12) as pool:
        begun = list(pool.map(lambda _: app.api_runs.start(key, "Clerk", question(), "order-1").value, range(24)))
    assert len({one.run.id for one in begun}) == 1
    assert [one.is_replay for one in begun].count(False) == 1
    assert rested(app, begun[0].run.id).run.output == "Hello."
    assert len(app.runs.list()) == 1


def test_an_idempotency_key_belongs_to_its_question_and_to_its_api_key(app: App, model: ScriptedServer):
    published(app)
    one, other = new_key(app).key, new_key(app, "Other").key
    model.plan(text("Hello."), text("Hello."))
    first = app.api_runs.start(one, "Clerk", question(), "order-1").value
    refused = app.api_runs.start(one, "Clerk", question("Bye"), "order-1")
    assert isinstance(refused, Err)
    assert "used for another request" in refused.message
    second = app.api_runs.start(other, "Clerk", question(), "order-1").value
    assert second.run.id != first.run.id
    assert app.api_runs.get(one, "Clerk", first.run.id) is not None
    assert app.api_runs.get(other, "Clerk", first.run.id) is None
    for run in (first.run, second.run):
        rested(app, run.id)


def test_a_question_that_was_refused_leaves_its_idempotency_key_free(app: App, model: ScriptedServer):
    key = new_key(app).key
    assert isinstance(app.api_runs.start(key, "Clerk", question(), "order-1"), Err)
    published(app)
    model.plan(text("Hello."))
    begun = app.api_runs.start(key, "Clerk", question(), "order-1")
    assert isinstance(begun, Ok)
    rested(app, begun.value.run.id)


def test_values_of_variables_come_from_the_caller(app: App, model: ScriptedServer):
    spec = AgentSpec(instructions="You work for {{firm}}.", variables=(Variable("firm"),), endpoint=ENDPOINT)
    agent = app.agents.create("Clerk", spec, "Ada").value
    app.publishing.publish(agent.id, "Ada")
    key = new_key(app).key
    missing = app.api_runs.start(key, "Clerk", question())
    assert isinstance(missing, Err)
    assert "firm" in missing.message
    model.plan(text("Hello."))
    asked = Question(turns=(Turn("user", "Hello"),), variables={"firm": "Acme"})
    rested(app, app.api_runs.start(key, "Clerk", asked).value.run.id)
    assert model.requests[0].json["messages"][0]["content"] == "You work for Acme."


def test_a_key_spends_its_minute_over_all_processes(app: App, settings: Settings):
    key = new_key(app, requests_per_minute=3).key
    with workspace(settings) as other:
        waits = [one.publishing.spend(key) for one in (app, other, app, other)]
    assert waits[:3] == [0, 0, 0]
    assert 0 < waits[3] <= 61
    assert app.publishing.spend(new_key(app, "Free", requests_per_minute=None).key) == 0
