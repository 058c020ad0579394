"""What `decide` may say: a closed union, and what each of its members needs."""

from dataclasses import dataclass

from core.domain.answer import Fit
from core.domain.event import Fact, Lost
from core.domain.run import EndStatus
from core.domain.tool import ToolSpec
from core.errors import Fault


@dataclass(frozen=True, slots=True)
class CallModel:
    """Record the intent, then ask the model."""

    step: int
    attempt: int
    after_s: float = 0.0
    lost: Lost | None = None


@dataclass(frozen=True, slots=True)
class ToolStart:
    effect: str
    attempt: int
    tool: ToolSpec
    arguments: str
    """Validated JSON text, fixed inputs included."""
    lost: Lost | None = None
    is_check: bool = False
    """Ask the tool's status check what became of the call; execute nothing."""


@dataclass(frozen=True, slots=True)
class CallTools:
    """Record the intents in one commit, then start the calls side by side."""

    calls: tuple[ToolStart, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Facts that need no effect: a refused call, a question, an unknown outcome."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Something is under way: wait until it ends or somebody writes to the journal."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The run was cancelled: end what is under way."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Only a person can go on: let go of the run."""


@dataclass(frozen=True, slots=True)
class End:
    status: EndStatus
    output: str = ""
    error: Fault | None = None
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """The run has ended."""


Action = CallModel | CallTools | Record | Join | Stop | Wait | End | Nothing
