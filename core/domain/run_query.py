"""What lists of runs are asked for, and what they add up to."""

from datetime import datetime
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
    error_kind: tuple[FaultKind, ...] = ()
    tag: str = ""
    created_by: str = ""
    search: str = ""
    """Text that stands anywhere in the input, the output or the agent's name; case does not matter."""
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""


class RunTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of a filter add up to. The percentiles are of the seconds that ended runs were worked on."""

    runs: int = 0
    failed: int = 0
    p50_s: float | None = None
    """None: no run of the filter has ended."""
    p95_s: float | None = None
    tokens: int | None = None
    """None: no run reported it."""
    cost_usd: float | None = None
