"""What the engine needs from outside: a journal, a model, tools and a clock. Nothing else reaches it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import msgspec

from core.domain.attachment import Contents
from core.domain.endpoint import Endpoint
from core.domain.event import Event
from core.domain.journal import Batch, Partial
from core.domain.model_call import Delta, ModelRequest, Reply
from core.domain.purse import Charge
from core.domain.tool import ToolRequest, ToolResult, ToolSpec
from core.errors import Fault, Fenced


class Journal(Protocol):
    """The only record. Every write names its epoch; the database refuses an old one."""

    async def append(self, batch: Batch) -> None:
        """Return when the batch is durable. Raises `Moved` or `Fenced`; then nothing of it was written."""

    async def read(self, run_id: UUID) -> list[Event]: ...

    async def partial(self, run_id: UUID) -> Partial | None:
        """The last checkpoint of streamed text, or None."""

    async def contents(self, hashes: Collection[str]) -> Contents:
        """The bytes of files that the journal names."""

    def checkpoint(self, run_id: UUID, epoch: int, partial: Partial) -> None:
        """Keep the streamed text soon, without waiting."""


class Model(Protocol):
    async def ask(self, request: ModelRequest, on_delta: Callable[[Delta], None]) -> Reply:
        """One HTTP request, never a second. Faults come back in the reply; cancelling the task ends the stream."""


class Tools(Protocol):
    async def call(self, request: ToolRequest) -> ToolResult:
        """Raises `FaultError` when it failed cleanly, `OutcomeUnknown` when nobody can say."""

    async def check(self, request: ToolRequest) -> ToolResult | None:
        """What became of this call by the tool's own status check: its result, or None when it did not happen.

        Raises `FaultError` when that cannot be told.
        """

    async def fault(self, tools: Sequence[ToolSpec], *, is_first: bool) -> Fault | None:
        """Why a model must not be told of these tools: one is no longer what was pinned. `is_first`: the run begins."""


class Observer(Protocol):
    """Who watches a run live. Called on the engine's loop; must return at once."""

    def delta(self, run_id: UUID, effect: str, attempt: int, delta: Delta) -> None: ...

    def recorded(self, run_id: UUID, events: Sequence[Event]) -> None: ...


class Room(Protocol):
    """A place at an endpoint, or in its line."""

    @property
    def has_come(self) -> bool: ...

    @property
    def has_waited(self) -> bool:
        """Whether somebody else had to go first."""

    def leave(self) -> None:
        """Make room for others, or give up waiting. A second time it does nothing."""


class Rooms(Protocol):
    """Who may ask an endpoint now, where it has limits. They hold over all workers."""

    def enter(
        self, endpoint: Endpoint, *, urgent: bool, on_come: Callable[[], None], say: Callable[[str], None]
    ) -> Room:
        """Stand in line; `urgent`: before those who are not. `say` is told what it waits for."""


class _Open:
    """Where there are no limits nobody waits."""

    has_come = True
    has_waited = False

    def enter(self, *_: object, **__: object) -> Room:
        return self

    def leave(self) -> None:
        """There is nobody to make room for."""


OPEN: Final = _Open()


async def _no_other_lease() -> None:
    raise Fenced


class Till(Protocol):
    """Keeps the ceilings that runs share, over all workers."""

    async def reserve(self, charge: Charge, patience_s: float) -> Fault | None:
        """Return when the money is set aside, or say why it is not. Who asks again for the same call has it already."""

    async def settle(self, charge: Charge) -> None:
        """The call did cost this; what was set aside beyond it is free again."""


class _NoTill:
    """Where no ceiling is shared nothing is set aside."""

    async def reserve(self, charge: Charge, patience_s: float) -> Fault | None:  # noqa: ARG002
        return Fault("internal", f"Nobody here keeps the ceiling that {charge.run_id} shares.")

    async def settle(self, charge: Charge) -> None:
        """Nothing was set aside."""


NO_TILL: Final = _NoTill()


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    journal: Journal
    model: Model
    tools: Tools
    observer: Observer
    rooms: Rooms = OPEN
    till: Till = NO_TILL
    now: Callable[[], datetime]
    holds_lease: Callable[[], bool]
    """Whether this worker's lease surely still stands: asked right before every effect."""
    lease_again: Callable[[], Awaitable[None]] = _no_other_lease
    """Wait until it was renewed after all. Raises `Fenced` when it never will be."""
    nobody: str = ""
    """Why calls cannot ask a person where this worker runs; empty: they can."""
