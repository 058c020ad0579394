"""Runs as lists and screens read them: the table `runs`. It is written by the journal alone."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Float, Numeric, Select, Subquery, Text, case, cast, func, select, text
from sqlalchemy.orm import Session, defer

from core.db.run_tables import CALLED_NAME, RunEventRow, RunRow
from core.domain.run import ENDED, Run
from core.domain.run_query import MOST_COUNTED, RunCount, RunFilter, RunTotals, Span
from core.ids import first_id
from core.repositories.said import said_by

_LIST_LIMIT = 500
_OPEN = ("queued", "running", "waiting")
_CLOCK_SLACK = timedelta(minutes=1)
"""How far an id's time may lie before the time that is kept beside it."""
_SECONDS = cast(func.coalesce(RunRow.totals["active_s"].astext, "0"), Float)
_CALLED_TOKENS = cast(func.coalesce(RunRow.totals["called_tokens"].astext, "0"), Numeric)
_CALLED_COST_USD = cast(func.coalesce(RunRow.totals["called_cost_usd"].astext, "0"), Float)
_TOKENS = cast(RunRow.totals["usage"]["total_tokens"].astext, Numeric) - _CALLED_TOKENS
"""What a run used itself: the agents that it called have runs of their own, which are summed too."""
_COST_USD = cast(RunRow.totals["usage"]["cost_usd"].astext, Float) - _CALLED_COST_USD
_NEXT = """
WITH RECURSIVE found AS (
    (SELECT min({column}) AS value FROM runs WHERE {column} > '')
    UNION ALL
    SELECT (SELECT min({column}) FROM runs WHERE {column} > found.value) FROM found WHERE found.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL LIMIT 1000
"""
_VALUES = {column: text(_NEXT.format(column=column)) for column in ("model", "created_by")}


class RunRepository:
    """Reads rows of `runs`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, run_id: UUID) -> Run | None:
        row = self._session.scalar(_runs().where(RunRow.id == run_id))
        return None if row is None else _run(row)

    def some(self, run_ids: Iterable[UUID]) -> dict[UUID, Run]:
        """By id; unknown ids are left out."""
        return {row.id: _run(row) for row in self._session.scalars(_runs().where(RunRow.id.in_(list(run_ids))))}

    def by_conversation(self, conversation_id: UUID) -> list[Run]:
        """Every run of every branch, oldest first."""
        rows = self._session.scalars(_runs().where(RunRow.conversation_id == conversation_id).order_by(RunRow.id))
        return [_run(row) for row in rows]

    def called_by(self, run_id: UUID, effect: str = "") -> list[Run]:
        """The runs that are tool calls of a run, or the one of a single call."""
        mine = [RunRow.caller_run_id == run_id, *([RunRow.caller_effect == effect] if effect else [])]
        return [_run(row) for row in self._session.scalars(_runs().where(*mine).order_by(RunRow.id))]

    def open_of(self, batch_id: UUID) -> list[UUID]:
        """Runs of a batch that have not ended, in the order in which they were queued."""
        mine = (RunRow.batch_id == batch_id, RunRow.status.not_in(ENDED))
        return [*self._session.scalars(select(RunRow.id).where(*mine).order_by(RunRow.id))]

    def counts_of(self, batch_id: UUID) -> dict[str, int]:
        """Runs of a batch by status; those that are held as `held`."""
        place = case((RunRow.held, "held"), else_=RunRow.status)
        rows = self._session.execute(select(place, func.count()).where(RunRow.batch_id == batch_id).group_by(place))
        return dict(list(rows))

    def counts(self) -> dict[str, int]:
        """How many runs that have not ended stand in which status; `held` beside `queued`."""
        place = case((RunRow.held, "held"), else_=RunRow.status)
        open_ones = RunRow.status.in_(_OPEN)  # named, as the index has them
        return dict(list(self._session.execute(select(place, func.count()).where(open_ones).group_by(place))))

    def executed(self, limit: int = 200) -> list[Run]:
        """Runs that a worker has right now, the oldest first."""
        statement = _runs().where(RunRow.status == "running").order_by(RunRow.id).limit(limit)
        return [_run(row) for row in self._session.scalars(statement)]

    def count(self) -> int:
        """Of all there are: for what goes through all of them anyway."""
        return self._session.scalar(select(func.count()).select_from(RunRow)) or 0

    def totals(self, wanted: RunFilter) -> RunTotals:
        """Of the newest runs that the filter lets through, not of one page."""
        counted = _counted(wanted)
        has_ended = counted.c.status.in_(ENDED)
        row = self._session.execute(
            select(
                func.count().label("runs"),
                func.count().filter(counted.c.status == "failed").label("failed"),
                _percentile(0.5, counted.c.seconds).filter(has_ended).label("p50_s"),
                _percentile(0.95, counted.c.seconds).filter(has_ended).label("p95_s"),
                cast(func.sum(counted.c.tokens), BigInteger).label("tokens"),
                func.sum(counted.c.cost_usd).label("cost_usd"),
                func.min(counted.c.created_at).label("first_at"),
                func.max(counted.c.created_at).label("last_at"),
            )
        ).one()
        totals = msgspec.convert(row._mapping, RunTotals)  # noqa: SLF001 (SQLAlchemy's public name)
        return msgspec.structs.replace(totals, is_all=totals.runs < MOST_COUNTED or not self._is_more(wanted))

    def over_time(self, wanted: RunFilter, span: Span, zone: str) -> list[RunCount]:
        """The same runs, by when they began. `zone` says where a day begins, by its IANA name."""
        counted = _counted(wanted)
        at = func.date_trunc(span, counted.c.created_at, zone).label("at")
        rows = self._session.execute(select(at, counted.c.status, func.count()).group_by(at, counted.c.status))
        return [RunCount(*row) for row in rows]

    def values(self, column: Literal["model", "created_by"]) -> list[str]:
        """The different values of a column, in order: each is found by index behind the one before."""
        return list(self._session.scalars(_VALUES[column]))

    def list(self, wanted: RunFilter, before: UUID | None = None, limit: int = 50) -> list[Run]:
        """Newest first, from the run that follows `before`; at most 500."""
        statement = _runs().where(*_conditions(wanted)).order_by(RunRow.id.desc()).limit(min(limit, _LIST_LIMIT))
        if before is not None:
            statement = statement.where(RunRow.id < before)
        return [_run(row) for row in self._session.scalars(statement)]

    def _is_more(self, wanted: RunFilter) -> bool:
        """Whether the filter lets more runs through than are counted."""
        behind = select(RunRow.id).where(*_conditions(wanted)).order_by(RunRow.id.desc()).offset(MOST_COUNTED).limit(1)
        return self._session.scalar(behind) is not None


def _counted(wanted: RunFilter) -> Subquery:
    """What is added up of the newest runs: however many there are, no more than these are read."""
    columns = (RunRow.status, RunRow.created_at, _SECONDS.label("seconds"), _TOKENS.label("tokens"))
    newest = select(*columns, _COST_USD.label("cost_usd")).where(*_conditions(wanted))
    return newest.order_by(RunRow.id.desc()).limit(MOST_COUNTED).subquery("counted")


def _runs() -> Select[RunRow]:
    """Rows without what only their worker needs."""
    return select(RunRow).options(defer(RunRow.head), defer(RunRow.partial))


def _conditions(wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    one_of = ((RunRow.status, wanted.status), (RunRow.kind, wanted.kind), (RunRow.error_kind, wanted.error_kind))
    yield from (column.in_(values) for column, values in one_of if values)
    yield from (column == value for column, value in _equals(wanted) if value not in (None, ""))
    if wanted.tag:
        yield RunRow.tags.contains([wanted.tag])
        yield RunRow.tags != []  # what the index of tags leaves out
    if wanted.tool:
        yield RunRow.id.in_(_calling(wanted.tool))
    if wanted.search:
        yield from said_by(wanted.search, (RunRow.input, RunRow.output, RunRow.agent_name))
    if wanted.since is not None:
        yield RunRow.id >= first_id(wanted.since - _CLOCK_SLACK)  # an index knows where these begin
        yield RunRow.created_at >= wanted.since
    if wanted.until is not None:
        yield RunRow.id < first_id(wanted.until + _CLOCK_SLACK)
        yield RunRow.created_at < wanted.until


def _calling(tool: str) -> Select[UUID]:
    """The runs that called a tool, as the index of calls knows them."""
    return select(RunEventRow.run_id).where(
        cast(func.to_json(cast(tool, Text)), Text) == CALLED_NAME,
        RunEventRow.kind == "started",
        RunEventRow.effect.not_like("%.m"),
    )


def _equals(wanted: RunFilter) -> Iterator[tuple[Any, object]]:
    yield RunRow.agent_id, wanted.agent_id
    yield RunRow.revision, wanted.revision
    yield RunRow.conversation_id, wanted.conversation_id
    yield RunRow.batch_id, wanted.batch_id
    yield RunRow.model, wanted.model
    yield RunRow.created_by, wanted.created_by


def _percentile(share: float, seconds: ColumnElement[float]) -> Any:
    return func.percentile_cont(share).within_group(seconds)


def _run(row: RunRow) -> Run:
    return msgspec.convert(row, Run, from_attributes=True)
