"""Gates inside a unit of work: where a spec stands before one, and how a revision goes live."""

from collections.abc import Iterator
from uuid import UUID

from core.db.unit import UnitOfWork
from core.domain.agent import Agent, AgentSpec, Revision
from core.domain.evaluation import Evaluation
from core.domain.evaluation_results import proven_share
from core.domain.gate import Gate, Proof, Standing
from core.domain.result import Err, Result
from core.repositories.agent_releases import AgentReleaseRepository
from core.repositories.agents import AgentRepository
from core.repositories.datasets import DatasetRepository
from core.repositories.evaluation_lines import EvaluationLineRepository
from core.repositories.evaluations import EvaluationRepository


def standing_of(unit: UnitOfWork, gate: Gate, spec: AgentSpec) -> Standing:
    """Where the spec stands. Of several finished evaluations the newest counts."""
    dataset = DatasetRepository(unit.session).get(gate.dataset_id)
    assert dataset is not None, f"the dataset {gate.dataset_id} of a gate is gone"
    proof: Proof | None = None
    under_way: UUID | None = None
    for evaluation, variant in _trials(unit, gate, dataset.version, spec):
        if evaluation.status == "done":
            proof = _proof(unit, evaluation, variant, gate)
            break
        under_way = under_way or evaluation.id
    return Standing(gate=gate, dataset=dataset.name, version=dataset.version, proof=proof, under_way=under_way)


def go_live(
    unit: UnitOfWork, agent: Agent, revision: Revision, who: str, standing: Standing | None, reason: str = ""
) -> Result[Agent]:
    """Make a revision the live one, and keep by what right. A draft that equals it is gone."""
    minimum = standing.gate.minimum if standing else None
    proof = standing.proof if standing else None
    kept = AgentReleaseRepository(unit.session).add(agent.id, revision.number, who, minimum, proof, reason)
    if isinstance(kept, Err):
        return kept
    draft = None if agent.draft is None or agent.draft == revision.spec else agent.draft
    return AgentRepository(unit.session).update(agent.id, who, live_revision=revision.number, draft=draft)


def _trials(unit: UnitOfWork, gate: Gate, version: int, spec: AgentSpec) -> Iterator[tuple[Evaluation, int]]:
    """Evaluations that ask this of it, newest first, each with the place of its variant."""
    asked = {evaluator.hash() for evaluator in gate.evaluators}
    for evaluation in EvaluationRepository(unit.session).of_dataset(gate.dataset_id, version):
        if evaluation.status == "cancelled" or not asked <= evaluation.by_hash.keys():
            continue
        for place, variant in enumerate(evaluation.plan.variants):
            if variant.spec == spec:
                yield evaluation, place
                break


def _proof(unit: UnitOfWork, evaluation: Evaluation, variant: int, gate: Gate) -> Proof:
    """By the gate's own evaluators alone, whatever else the evaluation looked at."""
    lines = EvaluationLineRepository(unit.session, evaluation.id).lines(one.hash() for one in gate.evaluators)
    rate, items = proven_share(line for line in lines if line.variant == variant)
    return Proof(evaluation_id=evaluation.id, name=evaluation.name, rate=rate, items=items)
