from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.db.run_tables import ConversationRow
from core.domain.agent import AgentSpec
from core.ids import new_id
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository
from core.repositories.summaries import SummaryRepository
from tests.support.run_rows import keep, run_row

NOW = datetime.now(UTC)
LIVE, DRAFT = AgentSpec(instructions="live"), AgentSpec(instructions="draft")


@pytest.fixture
def clerk(engine):
    with Session(engine) as session:
        agent = AgentRepository(session).add("clerk", "ada", live_revision=1, tags=("math",)).value
        AgentRevisionRepository(session).add(agent.id, LIVE, "ada")
        session.commit()
    return agent


def summaries(engine):
    return SummaryRepository(Session(engine))


def agents(engine, **wanted):
    with Session(engine) as session:
        return SummaryRepository(session).agents(NOW - timedelta(days=7), **wanted)


def conversations(engine, *search, **wanted):
    with Session(engine) as session:
        return SummaryRepository(session).conversations(*search, **wanted)


def test_agents_by_name_with_draft_or_live_spec(engine, clerk):
    with Session(engine) as session:
        AgentRepository(session).add("Baker", "ada", draft=DRAFT, description="Makes bread")
        session.commit()
    assert [(row.agent.name, row.spec) for row in agents(engine)] == [("Baker", DRAFT), ("clerk", LIVE)]
    assert [row.agent.name for row in agents(engine, search="BREAD")] == ["Baker"]
    assert [row.agent.name for row in agents(engine, search="mat")] == ["clerk"]
    assert [row.agent.name for row in agents(engine, tag="math")] == ["clerk"]
    assert agents(engine, archived=True) == []


def test_what_an_agent_did_this_week(engine, clerk):
    old = run_row(agent_id=clerk.id, totals={"usage": {"total_tokens": 1000}})
    old.id = type(old.id)(int=int((NOW - timedelta(days=8)).timestamp() * 1000) << 80)
    keep(
        engine,
        old,
        run_row(agent_id=clerk.id, totals={"usage": {"total_tokens": 7, "cost_usd": 0.25}}),
        run_row(agent_id=clerk.id, created_at=NOW),
    )
    (row,) = agents(engine)
    assert (row.runs_this_week, row.tokens_this_week, row.cost_usd_this_week) == (2, 7, 0.25)
    assert row.last_run_at == NOW


def test_an_agent_that_did_nothing(engine, clerk):
    (row,) = agents(engine)
    assert (row.runs_this_week, row.tokens_this_week, row.cost_usd_this_week, row.last_run_at) == (0, 0, None, None)


def test_a_conversation_shows_its_newest_run(engine, clerk):
    talk = ConversationRow(id=new_id(), agent_id=clerk.id)
    keep(
        engine,
        talk,
        run_row(conversation_id=talk.id, input="\n  What is VAT?  \nTell me.", output="A tax."),
        run_row(conversation_id=talk.id, input="More", output="First.\n\nLast line.\n", ended_at=NOW),
    )
    (row,) = conversations(engine)
    assert (row.conversation.title, row.conversation.agent_name) == ("What is VAT?", "clerk")
    assert (row.last_line, row.status, row.last_at) == ("Last line.", "done", NOW)


def test_a_conversation_in_which_nothing_was_said(engine):
    talk = ConversationRow(id=new_id(), title="Plans")
    keep(engine, talk)
    (row,) = conversations(engine)
    assert (row.conversation.title, row.last_line, row.status, row.last_run_id) == ("Plans", "", None, None)
    assert row.last_at == row.conversation.updated_at


def test_conversations_by_what_was_said_last_without_tries_and_archived_ones(engine):
    ids = [new_id() for _ in range(4)]
    rows = [ConversationRow(id=i, title=str(n), updated_at=NOW - timedelta(hours=n)) for n, i in enumerate(ids)]
    rows[3].archived = True
    keep(engine, *rows, run_row(kind="try", conversation_id=ids[0]), run_row(conversation_id=ids[1]))
    assert [row.conversation.title for row in conversations(engine)] == ["1", "2"]
    assert [row.conversation.title for row in conversations(engine, archived=True)] == ["3"]
    assert [row.conversation.title for row in conversations(engine, limit=1)] == ["1"]
    with Session(engine) as session:
        assert SummaryRepository(session).conversation(ids[0]).conversation.title == "0"


def test_conversations_are_found_by_what_was_said(engine):
    talk, other = ConversationRow(id=new_id(), title="Trip"), ConversationRow(id=new_id(), title="Tax")
    keep(engine, talk, other, run_row(conversation_id=talk.id, input="Rome?", output="Via Firenze"))
    assert [row.conversation.title for row in conversations(engine, "firenze")] == ["Trip"]
    assert [row.conversation.title for row in conversations(engine, "ta")] == ["Tax"]
