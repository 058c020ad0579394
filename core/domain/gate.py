"""A gate: what a revision of an agent has to prove before it goes live. Pure."""

from datetime import datetime
from uuid import UUID

import msgspec

from core.domain.evaluator import Evaluator


class Gate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So much of the newest version of a dataset has to pass these evaluators."""

    dataset_id: UUID
    evaluators: tuple[Evaluator, ...]
    minimum: float
    """The share of the items that has to pass, above 0, at most 1."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished evaluation says of a revision."""

    evaluation_id: UUID
    name: str
    rate: float
    items: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a spec stands before its agent's gate."""

    gate: Gate
    dataset: str
    """Its name."""
    version: int
    proof: Proof | None = None
    """Of the newest finished evaluation that asked this of this spec; None: there is none."""
    under_way: UUID | None = None
    """An evaluation that will tell, once it has ended."""

    @property
    def is_met(self) -> bool:
        return self.proof is not None and self.proof.items > 0 and self.proof.rate >= self.gate.minimum

    @property
    def words(self) -> str:
        """In two sentences: what is asked for, and what is known."""
        asked = f"The gate asks for {_percent(self.gate.minimum)} of {self.dataset}, version {self.version}."
        if self.proof is None:
            known = "An evaluation is under way." if self.under_way else "No finished evaluation has tried this yet."
            return f"{asked} {known}"
        told = f"{_percent(self.proof.rate)} of {self.proof.items:,} items"
        return f"{asked} The evaluation “{self.proof.name}” came to {told}."


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """When a revision went live, and by what right. The rows of one agent are never changed."""

    agent_id: UUID
    revision: int
    evaluation_id: UUID | None = None
    """The evaluation that proved it."""
    rate: float | None = None
    minimum: float | None = None
    """What the gate asked for; None: there was none."""
    reason: str = ""
    """Why a person let it through although nothing proved it."""
    who: str = ""
    at: datetime


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"
