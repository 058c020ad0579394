"""What goes into a journal in one commit."""

from uuid import UUID

import msgspec

from core.domain.event import Event
from core.domain.run import RunStatus, Totals
from core.errors import Fault


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that become durable together, and what they change in the run's row."""

    run_id: UUID
    epoch: int
    events: tuple[Event, ...] = ()
    first_seq: int
    head: bytes = b""
    """Hash of the journal's last entry once the batch is written."""
    status: RunStatus | None = None
    """Set when the worker lets go of the run; None keeps it running."""
    totals: Totals | None = None
    output: str | None = None
    error: Fault | None = None


class Partial(msgspec.Struct, frozen=True, kw_only=True):
    """The text of an answer under way."""

    effect: str
    attempt: int
    text: str = ""
    reasoning: str = ""
    waiting: str = ""
    """Why nothing comes yet, for a person; known only where the run is driven."""


class Orphan(msgspec.Struct, frozen=True):
    """A run that nobody executes; `is_urgent`: a person waits for it."""

    run_id: UUID
    is_urgent: bool
