"""The journal's facts: a closed union, past tense, each with what it takes to replay the run.

An effect is one decided act, named by its place: `<step>.m` is the model call of a step (from 1),
`<step>.<n>` its nth tool call (from 0). `run/effect` is the idempotency key, the same on every attempt.
"""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.domain.answer import Fit
from core.domain.attachment import Attachment
from core.domain.canonical import Json
from core.domain.message import ToolCall, Usage
from core.domain.question import Question, Say
from core.domain.run import EndStatus, RunSpec
from core.errors import Fault, FaultKind

Kind = Literal[
    "created",
    "claimed",
    "started",
    "decision",
    "finished",
    "refused",
    "unknown",
    "asked",
    "answered",
    "settled",
    "cancelled",
    "ended",
]


class _Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    pass


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model request left on the wire. Times are milliseconds from the moment of sending."""

    url: str = ""
    status: int | None = None
    request_id: str = ""
    provider: str = ""
    model: str = ""
    """The model the server says it used."""
    headers_ms: float | None = None
    first_token_ms: float | None = None
    thought_ms: float | None = None
    """How long it thought before the answer; None: it did not, or said it all at once."""
    total_ms: float = 0.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The exact body of a model request, by hash: the bytes are rebuilt from the journal on demand."""

    sha256: str
    size_bytes: int
    messages: int


class Lost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an earlier attempt whose worker died: repeated because its effect is safe to repeat."""

    attempt: int
    text: str = ""
    reasoning: str = ""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's result of another run, to be used again where the same tool is called with the same arguments."""

    name: str
    arguments: str
    """As executed: canonical JSON."""
    output: str
    data: Json = None
    files: tuple[Attachment, ...] = ()
    source: str
    """Where it comes from: `run/effect`."""


NOT_RECORDED: Final = "only recorded results are used here, and none has these arguments"
"""Why a call was refused that nothing recorded can stand in for."""


class Created(_Fact, frozen=True, tag="created"):
    spec: RunSpec
    input: str
    attachments: tuple[Attachment, ...] = ()
    """Files beside the input."""
    calls: tuple[ToolCall, ...] = ()
    """Calls a person makes by hand, to try a tool: the run is these calls and asks no model."""
    forked_from: str = ""
    """The run that this one branched off, with the step: `run/3`."""
    recorded: tuple[Recorded, ...] = ()
    batch_id: UUID | None = None
    """It was queued together with others: no person waits for it."""


class Claimed(_Fact, frozen=True, tag="claimed"):
    """A worker took the run; a new epoch begins."""

    by: str
    code: str = ""
    """The version of this project that goes on from here."""


class Started(_Fact, frozen=True, tag="started"):
    """An intent, committed before its effect."""

    effect: str
    attempt: int
    request: Request | None = None
    """Set for a model call."""
    waited_s: float = 0.0
    """How long the request waited for room at its endpoint before this; it counts towards no limit."""
    name: str = ""
    arguments: str = ""
    """Of a tool call: the validated arguments as JSON text, fixed inputs included."""
    key: str = ""
    lost: Lost | None = None
    is_check: bool = False
    """Nothing is executed: the tool's status check is asked what became of the call of unknown outcome."""


class Decision(_Fact, frozen=True, tag="decision"):
    """What the model said, its calls included: the good outcome of a model call."""

    step: int
    effect: str
    attempt: int
    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: Usage | None = None
    exchange: Exchange = Exchange()
    notes: tuple[str, ...] = ()
    """What a person must be shown and what was never silently fixed: made-up ids, a call written as text…"""


class Finished(_Fact, frozen=True, tag="finished"):
    """The outcome of a tool call, or the failure of a model call. `error` None: it went well."""

    effect: str
    attempt: int
    output: str = ""
    """A tool's result, whole; of a failed model call the partial text, which stays visible."""
    data: Json = None
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    """Of a failed model call: calls that were shown and never executed."""
    error: Fault | None = None
    took_ms: float = 0.0
    usage: Usage | None = None
    exchange: Exchange | None = None
    notes: tuple[str, ...] = ()
    """Of a failed model call: what a person must be shown, as in a decision."""
    source: str = ""
    """Set where nothing was executed: the result is the recorded one of `run/effect`. The attempt is then 0."""
    inner_calls: int = 0
    """Tool calls of an agent that was called; with its `usage` they count into this run's limits."""
    files: tuple[Attachment, ...] = ()
    """What the tool made."""
    dry_run: bool = False
    """The call was not executed because the run is a dry run; `output` tells the model so. The attempt is then 0."""


class Refused(_Fact, frozen=True, tag="refused"):
    """A call that was not executed. The model is told `reason`; the raw text stays visible."""

    effect: str
    name: str
    arguments: str
    reason: str
    error: FaultKind


class Unknown(_Fact, frozen=True, tag="unknown"):
    """A call was started and nobody can say whether it happened. `reason` says how that came to be."""

    effect: str
    attempt: int
    reason: str = ""
    is_absent: bool = False
    """Of a status check: it says that the call did not happen."""


class Asked(_Fact, frozen=True, tag="asked"):
    """A person has to decide. `shown` is the hash of exactly what they are shown; an answer is bound to it.

    `input`: the call is under way and its server asks for something; the run holds while it waits.
    """

    effect: str
    why: Literal["approval", "unknown", "input"]
    shown: str = ""
    question: Question | None = None
    """Of `input`: what is asked."""
    until: datetime | None = None
    """Of `input`: when nobody is waited for any more."""


class Answered(_Fact, frozen=True, tag="answered"):
    effect: str
    say: Say
    """`cancel` only where a call under way asked: it was put aside, or nobody answered in time."""
    shown: str = ""
    reason: str = ""
    arguments: str = ""
    """The arguments as the person edited them, empty: unchanged; or what a call under way asked for, as JSON."""
    scope: Literal["call", "conversation"] = "call"
    """`conversation`: later calls in it may use this tool, as it is defined now, without asking."""
    tool: str = ""
    schema_hash: str = ""
    """Of the tool, where the scope is a conversation."""
    who: str = ""


class Settled(_Fact, frozen=True, tag="settled"):
    """A person stated the outcome of an unknown call."""

    effect: str
    how: Literal["happened", "run_again", "skip"]
    output: str = ""
    who: str = ""


class Cancelled(_Fact, frozen=True, tag="cancelled"):
    who: str = ""
    reason: str = ""


class Ended(_Fact, frozen=True, tag="ended"):
    status: EndStatus
    output: str = ""
    error: Fault | None = None
    fit: Fit | None = None
    """Whether the answer fits what was asked of it; None where nothing was, or no answer came."""


Fact = (
    Created
    | Claimed
    | Started
    | Decision
    | Finished
    | Refused
    | Unknown
    | Asked
    | Answered
    | Settled
    | Cancelled
    | Ended
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a run's journal. `hash` covers this entry and, through `previous`, all before it."""

    run_id: UUID
    seq: int
    epoch: int
    at: datetime
    fact: Fact
    hash: bytes = b""

    @property
    def kind(self) -> Kind:
        return kind_of(self.fact)


def kind_of(fact: Fact) -> Kind:
    """The fact's kind, as `cli.md` and the table name it."""
    kind: Kind = type(fact).__struct_config__.tag  # type: ignore[assignment]
    return kind


def effect_of(fact: Fact) -> str | None:
    """The effect a fact is about, or None."""
    return getattr(fact, "effect", None)


def attempt_of(fact: Fact) -> int | None:
    """The attempt a fact is about, or None."""
    return getattr(fact, "attempt", None)


_decode = msgspec.json.Decoder(Fact).decode
encode = msgspec.json.Encoder().encode
"""A fact as the JSON text that the journal keeps; `kind` is its tag."""


def decode(body: str | bytes) -> Fact:
    """The fact that `encode` wrote."""
    fact: Fact = _decode(body)
    return fact


def model_effect(step: int) -> str:
    return f"{step}.m"


def call_effect(step: int, place: int) -> str:
    return f"{step}.{place}"
