import pytest
from sqlalchemy.orm import Session

from core.domain.agent import AgentSpec, Parameters
from core.domain.result import Err, Ok
from core.ids import new_id
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository

SPEC = AgentSpec(instructions="Be brief.", parameters=Parameters(response_schema={"z": 1, "a": {"y": 2, "b": 3}}))


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.fixture
def agents(session):
    return AgentRepository(session)


def test_what_is_added_can_be_read_back(agents):
    added = agents.add("Clerk", "ada", draft=SPEC, description="Counts", avatar="🧮", tags=("math", "new"))
    agent = added.value
    assert (agent.name, agent.tags, agent.draft, agent.live_revision) == ("Clerk", ("math", "new"), SPEC, None)
    assert agents.get(agent.id) == agents.by_name("Clerk") == agent


def test_the_keys_of_a_schema_keep_their_order(agents):
    agent = agents.add("Clerk", "ada", draft=SPEC).value
    assert list(agents.get(agent.id).draft.parameters.response_schema) == ["z", "a"]


def test_a_name_is_taken_once_and_the_unit_of_work_goes_on(agents):
    agents.add("Clerk", "ada", draft=SPEC)
    refused = agents.add("Clerk", "bob", draft=SPEC)
    assert (refused.kind, refused.field) == ("conflict", "name")
    assert isinstance(agents.add("Other", "bob", draft=SPEC), Ok)


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"name": "", "draft": SPEC}, "name"),
        ({"name": "x" * 101, "draft": SPEC}, "name"),
        ({"name": "a", "draft": None}, "draft"),
        ({"name": "a\x00b", "draft": SPEC}, ""),
        ({"name": "a", "draft": AgentSpec(instructions="half \ud83d")}, ""),
        ({"name": "a", "draft": SPEC, "tags": ("ok", "b\x00d")}, ""),
    ],
)
def test_what_cannot_be_kept_is_refused(agents, columns, field):
    refused = agents.add(columns.pop("name"), "ada", **columns)
    assert (refused.kind, refused.field) == ("invalid", field)


def test_update_changes_what_is_named_and_nothing_else(agents):
    agent = agents.add("Clerk", "ada", draft=SPEC, live_revision=1, avatar="🧮").value
    changed = agents.update(agent.id, "bob", draft=None, tags=("x",)).value
    assert (changed.draft, changed.tags, changed.avatar) == (None, ("x",), "🧮")
    assert agents.get(agent.id) == changed
    assert isinstance(agents.update(agent.id, "bob", live_revision=None), Err), "neither draft nor revision"


def test_update_of_nobody(agents):
    assert agents.update(new_id(), "bob", name="x").kind == "not_found"


def test_names_like_takes_signs_literally(agents):
    for name in ("100% sure", "100 sure", "Copy", "Copy 2"):
        agents.add(name, "ada", draft=SPEC)
    assert agents.names_like("100%") == {"100% sure"}
    assert agents.names_like("Copy") == {"Copy", "Copy 2"}


def test_revisions_are_numbered_from_one_and_listed_newest_first(agents, session):
    agent = agents.add("Clerk", "ada", draft=SPEC).value
    revisions = AgentRevisionRepository(session)
    first = revisions.add(agent.id, SPEC, "ada", "the first").value
    second = revisions.add(agent.id, AgentSpec(), "bob").value
    assert (first.number, second.number) == (1, 2)
    assert first.content_hash == SPEC.hash()
    assert revisions.list(agent.id) == [second, first]
    assert revisions.get(agent.id, 1).spec == SPEC
    assert revisions.get(agent.id, 3) is None


def test_a_revision_of_nobody(session):
    assert AgentRevisionRepository(session).add(new_id(), SPEC, "ada").kind == "not_found"
