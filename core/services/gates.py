"""Gates: what a revision has to prove before it goes live, where it stands, and who let it through."""

from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import Agent, AgentSpec, Revision
from core.domain.evaluator_check import evaluator_fault
from core.domain.gate import Gate, Release, Standing
from core.domain.result import Err, Ok, Result
from core.domain.variant import SavedSpec, Variant
from core.repositories.agent_releases import AgentReleaseRepository
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository
from core.repositories.datasets import DatasetRepository
from core.services.agent_changes import GONE, Saved, make_live
from core.services.agent_gates import standing_of
from core.services.evaluation_planning import NewEvaluation
from core.services.keeping import keep


class GateService:
    """An agent has one gate or none. Each revision that goes live leaves a release behind, which says by what right."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set(self, agent_id: UUID, gate: Gate | None, who: str) -> Result[Agent]:
        """From the next save on; what is live stays live. None takes the gate away."""
        with UnitOfWork(self._engine) as unit:
            refused = _refusal(unit, gate) if gate else None
            return refused or keep(unit, AgentRepository(unit.session).update(agent_id, who, gate=gate))

    def standing(self, agent: Agent, spec: AgentSpec) -> Standing | None:
        """Where a spec stands, saved or not; None: the agent has no gate."""
        if agent.gate is None:
            return None
        with UnitOfWork(self._engine) as unit:
            return standing_of(unit, agent.gate, spec)

    def waiting(self, agent: Agent) -> Revision | None:
        """The newest revision, where it was saved and never went live."""
        with UnitOfWork(self._engine) as unit:
            newest = AgentRevisionRepository(unit.session).newest(agent.id)
            if newest is None or newest.number <= (agent.live_revision or 0):
                return None
            was_live = any(one.revision == newest.number for one in AgentReleaseRepository(unit.session).list(agent.id))
        return None if was_live else newest

    def make_live(self, agent_id: UUID, number: int, who: str, reason: str = "") -> Result[Saved]:
        """A saved revision. `conflict` where its gate holds it; with a reason it goes live all the same."""
        with UnitOfWork(self._engine) as unit:
            return keep(unit, make_live(unit, agent_id, number, who, reason.strip()))

    def releases(self, agent_id: UUID) -> list[Release]:
        """Newest first. What went live when its agent was made has none."""
        with UnitOfWork(self._engine) as unit:
            return AgentReleaseRepository(unit.session).list(agent_id)

    def trial(self, agent_id: UUID, number: int) -> Result[NewEvaluation]:
        """The evaluation that the gate asks for; tools that change the world stay dry."""
        with UnitOfWork(self._engine) as unit:
            agent = AgentRepository(unit.session).get(agent_id)
        if agent is None:
            return GONE
        if agent.gate is None:
            return Err("invalid", f"{agent.name} has no gate.", "gate")
        return Ok(_trial(agent, agent.gate, number))


def _trial(agent: Agent, gate: Gate, number: int) -> NewEvaluation:
    return NewEvaluation(
        name=f"Revision {number} of {agent.name}"[:100],
        dataset_id=gate.dataset_id,
        variants=(Variant(source=SavedSpec(agent_id=agent.id, revision=number)),),
        evaluators=gate.evaluators,
    )


def _refusal(unit: UnitOfWork, gate: Gate) -> Err | None:
    """What is wrong with a gate."""
    if DatasetRepository(unit.session).get(gate.dataset_id) is None:
        return Err("not_found", "There is no such dataset any more.", "dataset")
    if not gate.evaluators:
        return Err("invalid", "Without an evaluator nothing is proved.", "evaluators")
    if fault := next(filter(None, map(evaluator_fault, gate.evaluators)), ""):
        return Err("invalid", fault, "evaluators")
    if not 0 < gate.minimum <= 1:
        return Err("invalid", "The pass rate lies above 0 and is at most 100 %.", "minimum")
    return None
