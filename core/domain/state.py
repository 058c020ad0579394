"""What a journal adds up to. `core.engine.state.fold` fills it, `decide` reads it, screens draw it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from core.domain.attachment import Attachment
from core.domain.called import called_run_id
from core.domain.event import Answered, Asked, Decision, Ended, Finished, Recorded, Refused, Request, Settled, Unknown
from core.domain.message import ToolCall
from core.domain.run import RunSpec, Totals
from core.domain.tool import ToolSpec

EffectStatus = Literal["planned", "running", "lost", "unknown", "asked", "done", "failed", "refused"]
"""`planned`: decided, nothing recorded yet. `running`: started in this epoch. `lost`: started by a dead
epoch, no outcome. `unknown`: nobody can say whether it happened. `asked`: waits for a person's approval."""


@dataclass(slots=True)
class Inquiry:
    """What a call asked a person while it was under way, and their word."""

    asked: Asked
    answered: Answered | None = None


@dataclass(slots=True)
class Attempt:
    """One try of an effect."""

    number: int
    epoch: int
    started_at: datetime
    request: Request | None = None
    ended_at: datetime | None = None
    failure: Finished | None = None
    unknown: Unknown | None = None
    lost_text: str = ""
    is_check: bool = False
    """It asks the tool's status check and executes nothing."""
    inquiries: list[Inquiry] = field(default_factory=list)


@dataclass(slots=True)
class ModelCall:
    """The model call of a step."""

    effect: str
    step: int
    attempts: list[Attempt] = field(default_factory=list)
    decision: Decision | None = None
    gave_up: Finished | None = None
    """The latest attempt's failure; None while it runs or after a decision."""


@dataclass(slots=True)
class CallState:
    """One tool call of a step, at its place in the model's order."""

    effect: str
    step: int
    call: ToolCall
    tool: ToolSpec | None
    """None: the model named a tool it was not given."""
    attempts: list[Attempt] = field(default_factory=list)
    arguments: str = ""
    """As executed, fixed inputs included; empty before the start."""
    finished: Finished | None = None
    refused: Refused | None = None
    asked: Asked | None = None
    answered: Answered | None = None
    settled: Settled | None = None
    unknown: bool = False
    """An attempt's outcome is unknown and nobody has settled it."""
    question_open: bool = False
    """A person has been asked what became of the unknown attempt."""
    absences: int = 0
    """How often a status check has said, since a person last settled the call, that it did not happen."""
    run_id: UUID | None = None

    @property
    def called_run(self) -> UUID | None:
        """The run that this call is, where an agent is called."""
        if self.tool is None or self.tool.kind != "agent" or not self.attempts or self.run_id is None:
            return None
        return called_run_id(self.run_id, self.effect, self.attempts[0].started_at)

    @property
    def is_checking(self) -> bool:
        """Whether the latest attempt is a question to the tool's status check."""
        return bool(self.attempts) and self.attempts[-1].is_check

    @property
    def question(self) -> Asked | None:
        """What its server asks a person, as far as the journal knows: that it is still under way, `RunState` knows."""
        inquiries = self.attempts[-1].inquiries if self.attempts and self.attempts[-1].ended_at is None else ()
        return next((one.asked for one in inquiries if one.answered is None), None)

    @property
    def has_outcome(self) -> bool:
        """Whether the model can be told what became of this call."""
        return self.finished is not None or self.refused is not None or self.has_settlement

    @property
    def has_settlement(self) -> bool:
        return self.settled is not None and self.settled.how != "run_again"


@dataclass(slots=True)
class StepState:
    """One model call and what follows from it."""

    number: int
    model: ModelCall
    calls: list[CallState] = field(default_factory=list)


@dataclass(slots=True)
class RunState:
    """The fold of a journal. Grows by one event at a time; nothing else may change it."""

    run_id: UUID
    spec: RunSpec
    input: str
    created_at: datetime
    attachments: tuple[Attachment, ...] = ()
    steps: list[StepState] = field(default_factory=list)
    epoch: int = 0
    next_seq: int = 0
    head: bytes = b""
    """Hash of the last event."""
    last_at: datetime | None = None
    recorded: dict[tuple[str, str], Recorded] = field(default_factory=dict)
    """Results of the run this one was forked from, by tool and arguments."""
    allowed: set[str] = field(default_factory=set)
    """Tools that a person approved for the rest of the conversation, during this run."""
    in_batch: bool = False
    """No person waits for it."""
    by_hand: bool = False
    """The run is a person's own tool calls and asks no model."""
    has_made_files: bool = False
    """A tool of this run made a file."""
    cancelled: bool = False
    cancelled_by: str = ""
    ended: Ended | None = None
    totals: Totals = field(default_factory=Totals)
    in_flight: dict[str, int] = field(default_factory=dict)
    """Effects started in the current epoch that have no outcome, with their attempt."""

    def question_of(self, call: CallState) -> Asked | None:
        """What a call that is under way waits for a person to answer."""
        return call.question if call.effect in self.in_flight else None

    def status_of(self, effect: ModelCall | CallState) -> EffectStatus:
        """One word for an effect, for `decide` and for the screens."""
        if isinstance(effect, CallState):
            if effect.refused is not None:
                return "refused"
            if effect.has_settlement:
                return "done"
            if effect.finished is not None:
                return "failed" if effect.finished.error else "done"
            if effect.unknown:
                return "unknown"
        elif effect.decision is not None:
            return "done"
        elif effect.gave_up is not None:
            return "failed"
        if effect.effect in self.in_flight:
            return "running"
        if effect.attempts and effect.attempts[-1].ended_at is None:
            return "lost"
        if isinstance(effect, CallState) and effect.asked is not None and effect.answered is None:
            return "asked"
        return "planned"
