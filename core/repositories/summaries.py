"""The reading queries over several tables: rows of the lists of agents and of conversations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Float, Numeric, Row, Select, Uuid, any_, cast, func, select, true, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from core.db.agent_tables import AgentRevisionRow, AgentRow
from core.db.run_tables import ConversationRow, RunRow
from core.domain.agent import Agent, AgentSpec
from core.domain.excerpt import excerpt
from core.domain.listing import AgentSummary, ConversationSummary
from core.domain.run import Conversation
from core.ids import first_id
from core.repositories.said import LOOKED_THROUGH, is_indexed, said_by
from core.repositories.writing import matches

_LINE_CHARS = 200
_TITLE_CHARS = 80
_MOST_FOUND = 500
_CALLED_TOKENS = cast(func.coalesce(RunRow.totals["called_tokens"].astext, "0"), Numeric)
_CALLED_COST_USD = cast(func.coalesce(RunRow.totals["called_cost_usd"].astext, "0"), Float)
_TOKENS = cast(RunRow.totals["usage"]["total_tokens"].astext, Numeric) - _CALLED_TOKENS
"""What a run used itself: the agents that it called have runs of their own, which are summed too."""
_COST_USD = cast(RunRow.totals["usage"]["cost_usd"].astext, Float) - _CALLED_COST_USD


class SummaryRepository:
    """Reads what lists show: agents with revisions and runs, conversations with agents and runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def agents(self, since: datetime, search: str = "", tag: str = "", *, archived: bool = False) -> list[AgentSummary]:
        """By name. `since` is where the counted time begins."""
        statement = _agents(since).where(AgentRow.archived == archived).order_by(func.lower(AgentRow.name))
        if search:
            tags = func.array_to_string(AgentRow.tags, " ")
            statement = statement.where(matches(search, (AgentRow.name, AgentRow.description, tags)))
        if tag:
            statement = statement.where(AgentRow.tags.contains([tag]))
        return [_agent_summary(row) for row in self._session.execute(statement)]

    def conversations(self, search: str = "", *, archived: bool = False, limit: int = 100) -> list[ConversationSummary]:
        """The one in which something was said last comes first. Talks with a draft (*Try it*) are not listed."""
        statement = _saying(search, archived=archived) if search else _CONVERSATIONS
        newest = (
            statement.where(ConversationRow.archived == archived, _FIRST.c.kind.is_distinct_from("try"))
            .order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc())
            .limit(limit)
        )
        return [_found(row, search) for row in self._session.execute(newest)]

    def conversation(self, conversation_id: UUID) -> ConversationSummary | None:
        """One conversation, of whatever kind."""
        row = self._session.execute(_CONVERSATIONS.where(ConversationRow.id == conversation_id)).one_or_none()
        return None if row is None else _conversation_summary(row)


def _agents(since: datetime) -> Select[Any]:
    last = select(RunRow.created_at).where(RunRow.agent_id == AgentRow.id).order_by(RunRow.id.desc()).limit(1)
    week = (
        select(
            func.count().label("runs"),
            func.coalesce(func.sum(_TOKENS), 0).label("tokens"),
            func.sum(_COST_USD).label("cost_usd"),
        )
        .where(RunRow.agent_id == AgentRow.id, RunRow.id >= first_id(since))
        .lateral("week")
    )
    is_live = (AgentRevisionRow.agent_id == AgentRow.id) & (AgentRevisionRow.number == AgentRow.live_revision)
    live = select(AgentRevisionRow.spec).where(is_live).limit(1).scalar_subquery()  # the others are not read
    return select(AgentRow, live.label("spec"), last.label("last_run_at"), week).join(week, true())


def _agent_summary(row: Row[Any]) -> AgentSummary:
    agent = msgspec.convert(row.AgentRow, Agent, from_attributes=True)
    return AgentSummary(
        agent=agent,
        spec=agent.draft or msgspec.convert(row.spec, AgentSpec),
        last_run_at=row.last_run_at,
        runs_this_week=row.runs,
        tokens_this_week=int(row.tokens),
        cost_usd_this_week=row.cost_usd,
    )


def _edge(name: str, order: ColumnElement[UUID]) -> LateralFromClause:
    """The first or the newest run of a conversation."""
    columns = (RunRow.id, RunRow.kind, RunRow.status, RunRow.input, RunRow.output, RunRow.created_at, RunRow.ended_at)
    return select(*columns).where(RunRow.conversation_id == ConversationRow.id).order_by(order).limit(1).lateral(name)


_FIRST = _edge("first", RunRow.id.asc())
_NEWEST = _edge("newest", RunRow.id.desc())
_AGENT_NAME = select(AgentRow.name).where(AgentRow.id == ConversationRow.agent_id).scalar_subquery().label("name")
_CONVERSATIONS = (
    select(ConversationRow, _AGENT_NAME, _FIRST.c.input.label("first_input"), *_NEWEST.c)
    .select_from(ConversationRow)
    .outerjoin(_FIRST, true())
    .outerjoin(_NEWEST, true())
)


def _hit(search: str) -> LateralFromClause:
    """The newest run of a conversation that says the text, in its input or in its answer."""
    return (
        select(RunRow.id, RunRow.input, RunRow.output)
        .where(RunRow.conversation_id == ConversationRow.id, matches(search, (RunRow.input, RunRow.output)))
        .order_by(RunRow.id.desc())
        .limit(1)
        .lateral("hit")
    )


def _saying(search: str, *, archived: bool) -> Select[Any]:
    """Conversations with the text in their title or in one of their runs; `hit_…` is of the newest such run.

    Only the newest that say it are looked at: a common word stands almost everywhere.
    """
    said = (
        select(RunRow.conversation_id)
        .where(RunRow.conversation_id.is_not(None), *said_by(search, (RunRow.input, RunRow.output)))
        .order_by(RunRow.id.desc())
        .limit(_MOST_FOUND)
    )
    found = func.array(union(said, _titled(search, archived=archived)).scalar_subquery(), type_=ARRAY(Uuid))
    hit = _hit(search)
    return (
        _CONVERSATIONS.add_columns(hit.c.id.label("hit_id"), hit.c.input.label("hit_in"), hit.c.output.label("hit_out"))
        .outerjoin(hit, true())
        .where(ConversationRow.id == any_(found))  # by index, where a join would read the whole table
    )


def _titled(search: str, *, archived: bool) -> Select[Any]:
    """The newest conversations with the text in their title. One too short for the index is looked for in fewer."""
    order = (ConversationRow.updated_at.desc(), ConversationRow.id.desc())
    newest = (
        select(ConversationRow.id, ConversationRow.title).where(ConversationRow.archived == archived).order_by(*order)
    )
    if is_indexed(search):
        return (
            newest.with_only_columns(ConversationRow.id)
            .where(matches(search, (ConversationRow.title,)))
            .limit(_MOST_FOUND)
        )
    looked_through = newest.limit(LOOKED_THROUGH).subquery()
    return select(looked_through.c.id).where(matches(search, (looked_through.c.title,))).limit(_MOST_FOUND)


def _found(row: Row[Any], search: str) -> ConversationSummary:
    summary = _conversation_summary(row)
    if not search or row.hit_id is None:
        return summary
    words = excerpt(row.hit_out, search) or excerpt(row.hit_in, search)
    return msgspec.structs.replace(summary, found=words, found_run_id=row.hit_id)


def _conversation_summary(row: Row[Any]) -> ConversationSummary:
    conversation = msgspec.convert(row.ConversationRow, Conversation, from_attributes=True)
    title = conversation.title or _first_line(row.first_input or "")
    return ConversationSummary(
        conversation=msgspec.structs.replace(conversation, agent_name=row.name or "", title=title),
        last_line=_last_line(row.output or "") or _last_line(row.input or ""),
        status=row.status,
        last_run_id=row.id,
        last_at=row.ended_at or row.created_at or conversation.updated_at,
    )


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE_CHARS else line[: _TITLE_CHARS - 1] + "…"


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")[:_LINE_CHARS]
