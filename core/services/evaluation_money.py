"""What one turn of an evaluation may spend: the first call of every run it begins is set aside before it is queued."""

import math
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from core.domain.evaluation import Evaluation, FrozenModel, PlannedVariant
from core.domain.event import model_effect
from core.domain.message import Message, SystemMessage, UserMessage
from core.domain.purse import Purse
from core.domain.run import RunSpec
from core.domain.spending import bound_usd, charge_of
from core.domain.wire import request_body
from core.repositories.accounts import AccountRepository
from core.repositories.evaluation_cells import CellRepository


class Beginning(NamedTuple):
    """A run that is about to be queued."""

    run_id: UUID
    spec: RunSpec
    text: str


class Money:
    """The evaluation's account, where it has a ceiling. Without one everything is afforded and nothing is kept."""

    def __init__(self, session: Session, evaluation: Evaluation, spent_usd: float) -> None:
        """`spent_usd`: what it cost before there was an account."""
        self._session, self._evaluation = session, evaluation
        self._accounts, self._cells = AccountRepository(session), CellRepository(session, evaluation.id)
        self.lacks = False
        if evaluation.ceiling_usd is not None:
            self._accounts.open(evaluation.id, evaluation.ceiling_usd, spent_usd)

    def look(self) -> None:
        """How much is left for cells that begin now, beyond what those under way are expected to cost."""
        if self._evaluation.ceiling_usd is None:
            return
        under_way = self._cells.under_way()
        spent = self.charged_usd - self._accounts.charged_for(run_id for run_id, _ in under_way.values())
        self._left = self._evaluation.ceiling_usd - spent - sum(expected for _, expected in under_way.values())
        self._is_busy, self._dearest = bool(under_way), self._cells.dearest()

    @property
    def charged_usd(self) -> float:
        return self._accounts.charged_usd(self._evaluation.id) or 0.0

    def shared(self, spec: RunSpec, model: PlannedVariant | FrozenModel) -> RunSpec:
        """The spec of a run whose every call is taken from the ceiling."""
        if self._evaluation.ceiling_usd is None or model.price is None:
            return spec
        purse = Purse(account=self._evaluation.id, price=model.price, context_tokens=model.context_tokens)
        return msgspec.structs.replace(spec, purse=purse)

    def affords(self, runs: Sequence[Beginning]) -> bool:
        """Set the first call of each aside; all or none."""
        with self._session.begin_nested() as savepoint:
            if not all(map(self._reserved, runs)):
                self.lacks = True
                savepoint.rollback()
        return not self.lacks

    def begins(self, run: Beginning, variant: int, bound_usd: float | None) -> float | None:
        """What a cell is expected to cost, its first call set aside; None: it has to wait.

        Were every cell begun whose first call can be paid, all of them might be stopped in the middle. So a cell is
        expected to cost what the dearest of its variant did; before one has ended, at most what it can. Alone it
        always begins.
        """
        if self._evaluation.ceiling_usd is None:
            return bound_usd or 0.0
        expected = self._dearest.get(variant, math.inf if bound_usd is None else bound_usd)
        if self._is_busy and expected > self._left:
            self.lacks = True
            return None
        if not self.affords([run]):
            return None
        self._left, self._is_busy = self._left - expected, True
        return min(expected, self._evaluation.ceiling_usd)

    def cost_of(self, run_id: UUID, told_usd: float) -> float:
        """What an ended run cost: by its charges, else what was told of it."""
        charged = self._accounts.end(run_id) if self._evaluation.ceiling_usd is not None else None
        return told_usd if charged is None else charged

    def _reserved(self, run: Beginning) -> bool:
        charge = charge_of(run.spec, run.run_id, model_effect(1), 1, size_bytes(run.spec, run.text))
        return charge is None or self._accounts.reserve(charge) == "granted"


def bound_of(spec: RunSpec, model: PlannedVariant | FrozenModel, text: str) -> float | None:
    """At most what a run costs; None: nobody can say."""
    return bound_usd(spec, model.price, model.context_tokens, size_bytes(spec, text))


def size_bytes(spec: RunSpec, text: str) -> int:
    """Of a run's first request."""
    system: list[Message] = [SystemMessage(spec.instructions)] if spec.instructions else []
    return len(request_body(spec, [*system, UserMessage(text)]))
