"""What lists of runs are asked for, and what they add up to."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from core.domain.run import RunKind, RunStatus
from core.errors import FaultKind


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs. An empty field does not filter; the fields are joined by *and*, the values of one by *or*."""

    status: tuple[RunStatus, ...] = ()
    kind: tuple[RunKind, ...] = ()
    agent_id: UUID | None = None
    revision: int | None = None
    conversation_id: UUID | None = None
    batch_id: UUID | None = None
    model: str = ""
    tool: str = ""
    """A tool that was called, whatever came of it."""
    error_kind: tuple[FaultKind, ...] = ()
    tag: str = ""
    created_by: str = ""
    search: str = ""
    """Text that stands anywhere in the input, the output or the agent's name; case does not matter."""
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""


MOST_COUNTED = 10_000
"""Runs that are added up, the newest ones: a person who sees more of them narrows the filter."""

Span = Literal["minute", "hour", "day", "month"]


class RunTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest runs of a filter add up to. The percentiles are of the seconds that ended runs were worked on."""

    runs: int = 0
    """At most `MOST_COUNTED`."""
    is_all: bool = True
    """False: the filter lets more runs through than were counted."""
    failed: int = 0
    p50_s: float | None = None
    """None: no run of the filter has ended."""
    p95_s: float | None = None
    tokens: int | None = None
    """None: no run reported it."""
    cost_usd: float | None = None
    first_at: datetime | None = None
    """When the oldest of them began, and the newest; None: there is none."""
    last_at: datetime | None = None

    @property
    def span(self) -> Span:
        """The bars of a chart over these runs: some dozens of them, not thousands."""
        if self.first_at is None or self.last_at is None:
            return "day"
        lasted = self.last_at - self.first_at
        limits: tuple[tuple[Span, timedelta], ...] = (
            ("minute", timedelta(hours=2)),
            ("hour", timedelta(days=4)),
            ("day", timedelta(days=120)),
        )
        return next((span for span, limit in limits if lasted <= limit), "month")


class RunCount(msgspec.Struct, frozen=True):
    """How many runs began in a span of time, by how they stand."""

    at: datetime
    """Where the span begins."""
    status: RunStatus
    runs: int
