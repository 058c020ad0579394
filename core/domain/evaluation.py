"""An evaluation: variants × items × repeats. Every cell is a run; what it is judged by may change afterwards."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from core.domain.agent import AgentSpec
from core.domain.evaluator import Evaluator
from core.domain.model_info import Price
from core.domain.run import RunSpec, RunStatus
from core.domain.tool import ToolMode

EvaluationStatus = Literal["running", "paused", "cancelled", "done"]
CellState = Literal["planned", "under_way", "ended", "impossible"]
"""`under_way`: its run has not ended, or its answer is not judged yet. `impossible`: no run could be made of it."""
MOST_VARIANTS, MOST_REPEATS, MOST_PARALLEL, MOST_CELLS = 8, 20, 100, 200_000


class PlannedVariant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one variant runs, frozen when the evaluation began: editing the agent or a tool later changes nothing."""

    name: str
    spec: AgentSpec
    frozen: RunSpec
    """Everything but the rendered instructions, which depend on the item."""
    agent_id: UUID | None = None
    agent_name: str = ""
    revision: int | None = None
    price: Price | None = None
    """None: the endpoint does not tell it."""
    context_tokens: int | None = None


class FrozenModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The model of a judging evaluator, frozen."""

    frozen: RunSpec
    price: Price | None = None
    context_tokens: int | None = None


class UsedEvaluator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An evaluator as an evaluation uses it."""

    evaluator: Evaluator
    model: FrozenModel | None = None
    """Of a judging evaluator."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What never changes once an evaluation has begun."""

    variants: tuple[PlannedVariant, ...]
    repeats: int = 1
    parallel: int = 4
    """Cells under way at the same time at one endpoint."""
    tool_mode: ToolMode = "live"


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    dataset_id: UUID
    version: int
    plan: Plan
    evaluators: tuple[UsedEvaluator, ...] = ()
    status: EvaluationStatus = "running"
    reason: str = ""
    """Why it stands still, where nobody paused it."""
    ceiling_usd: float | None = None
    changes: int = 0
    """Grows with every answer and every score: what was counted at the same number is right still."""
    created_by: str = ""
    created_at: datetime
    ended_at: datetime | None = None

    @property
    def by_hash(self) -> dict[str, UsedEvaluator]:
        """The evaluators by the name of their revision."""
        return {used.evaluator.hash(): used for used in self.evaluators}


class CellKey(NamedTuple):
    """One variant (from 0) on one item (by number), once (from 1)."""

    variant: int
    item: int
    repeat: int


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What one revision of an evaluator says of a cell."""

    evaluator: str
    passed: bool | None
    value: float | None = None
    reason: str = ""
    who: str = ""
    """The person, of a human vote."""
    run_id: UUID | None = None
    """The judging model's run."""
    pending: bool = False


class CellLine(NamedTuple):
    """A cell in short: what counting and filtering need of it."""

    variant: int
    item: int
    repeat: int
    state: CellState
    run_id: UUID | None
    status: RunStatus | None
    error_kind: str | None
    answer: str | None
    """A fingerprint: equal answers have equal ones."""
    seconds: float | None
    tokens: int | None
    cost_usd: float | None
    passed: bool | None
    """Whether every evaluator that could say something let it pass; None: none could."""
    value: float | None
    """The mean of what they gave."""

    @property
    def is_error(self) -> bool:
        return self.state == "impossible" or self.status == "failed"


class NotRecorded(NamedTuple):
    """A call that only a recorded result could have answered, and there was none."""

    tool: str
    arguments: str
    cells: int


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell as a screen draws it."""

    line: CellLine
    output: str = ""
    """The beginning of the answer; the whole of it is in the run."""
    problem: str = ""
    scores: tuple[Score, ...] = ()


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    cells: int = 0
    ended: int = 0
    under_way: int = 0
    waiting: int = 0
    """Of those under way: they wait for a person."""
    failed: int = 0
    impossible: int = 0
    unjudged: int = 0
    """Judging models that have not answered yet."""
    per_minute: float = 0.0
    charged_usd: float = 0.0
    """What ended cells cost, and at most what those under way will."""

    @property
    def left_s(self) -> float | None:
        """None: nobody can say yet."""
        left = self.cells - self.ended - self.impossible
        return left / self.per_minute * 60 if self.per_minute and left else None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluation will take, before it starts."""

    items: int
    runs: int
    calls: int
    """Model calls, at least: a run with tools makes more."""
    most_calls: int
    bound_usd: float | None
    """At most what it costs; None: some price or some limit is not known."""
    notes: tuple[str, ...] = ()
    """What a person must be told before: what is missing and what cannot be known."""
