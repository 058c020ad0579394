"""Evaluations as YAML files: written for people, read strictly (docs/evaluation-files.md)."""

from collections.abc import Mapping
from typing import Any, get_args
from uuid import UUID

import msgspec

from core.domain.agent import Agent, AgentSpec
from core.domain.canonical import Json
from core.domain.dataset import Dataset
from core.domain.evaluator import Evaluator, HumanVote, Judge, PureEvaluator
from core.domain.model_info import Price
from core.domain.result import Err, Ok, Result
from core.domain.tool import ToolMode
from core.domain.variant import AdHocSpec, DraftSpec, Overrides, SavedSpec, Source, Variant
from core.services.evaluation_planning import NewEvaluation
from core.services.shape import faults
from core.services.yaml_files import read_yaml

_EVALUATORS: Mapping[str, type[Any]] = {
    str(kind.__struct_config__.tag): kind for kind in (*get_args(PureEvaluator), Judge, HumanVote)
}


class VariantFile(msgspec.Struct, frozen=True, kw_only=True):
    """One variant: an agent by name, or a spec of its own; then what is changed of it."""

    name: str = ""
    agent: str = ""
    revision: int | None = None
    draft: bool = False
    spec: AgentSpec = AgentSpec()
    changes: dict[str, Json] = {}


class EvaluationFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds."""

    name: str
    dataset: str
    version: int | None = None
    variants: tuple[VariantFile, ...]
    evaluators: tuple[dict[str, Json], ...] = ()
    repeats: int = 1
    parallel: int = 4
    tools: ToolMode = "dry_run"
    ceiling_usd: float | None = None
    price: Price | None = None
    minimum: float | None = None
    """The pass rate that every variant has to reach."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a file asks for."""

    evaluation: NewEvaluation
    minimum: float | None = None


def read_file(text: str) -> Result[EvaluationFile]:
    """`invalid` says in words where the first fault is."""
    read = read_yaml(text)
    if isinstance(read, Err):
        return read
    if fault := next(faults(read.value, EvaluationFile), ""):
        return Err("invalid", fault)
    return Ok(msgspec.convert(read.value, EvaluationFile))


def wanted_by(file: EvaluationFile, agents: Mapping[str, Agent], datasets: Mapping[str, Dataset]) -> Result[Wanted]:
    """The evaluation, its names looked up."""
    dataset = datasets.get(file.dataset)
    if dataset is None:
        return Err("not_found", f"There is no dataset named {file.dataset}.", "dataset")
    variants: list[Variant] = []
    for number, one in enumerate(file.variants, start=1):
        variant = _variant(one, agents)
        if isinstance(variant, str):
            return Err("invalid", f"variants, item {number}: {variant}", "variants")
        variants.append(variant)
    evaluators = _evaluators(file.evaluators)
    if isinstance(evaluators, Err):
        return evaluators
    return Ok(Wanted(evaluation=_new(file, dataset.id, tuple(variants), evaluators.value), minimum=file.minimum))


def _new(
    file: EvaluationFile, dataset_id: UUID, variants: tuple[Variant, ...], evaluators: tuple[Evaluator, ...]
) -> NewEvaluation:
    return NewEvaluation(
        name=file.name,
        dataset_id=dataset_id,
        version=file.version,
        variants=variants,
        evaluators=evaluators,
        repeats=file.repeats,
        parallel=file.parallel,
        tool_mode=file.tools,
        ceiling_usd=file.ceiling_usd,
        price=file.price,
    )


def _variant(file: VariantFile, agents: Mapping[str, Agent]) -> Variant | str:
    """The variant, or what is wrong with it."""
    source: Source = AdHocSpec(spec=file.spec)
    if file.agent:
        agent = agents.get(file.agent)
        if agent is None:
            return f"there is no agent named {file.agent}."
        source = DraftSpec(agent_id=agent.id) if file.draft else SavedSpec(agent_id=agent.id, revision=file.revision)
    changes = _converted(file.changes, Overrides)
    return changes if isinstance(changes, str) else Variant(name=file.name, source=source, changes=changes)


def _evaluators(given: tuple[dict[str, Json], ...]) -> Result[tuple[Evaluator, ...]]:
    found: list[Evaluator] = []
    for number, one in enumerate(given, start=1):
        kind = _EVALUATORS.get(str(one.get("kind")))
        if kind is None:
            known = ", ".join(_EVALUATORS)
            return Err("invalid", f"evaluators, item {number}: kind is one of {known}.", "evaluators")
        evaluator = _converted(one, kind)
        if isinstance(evaluator, str):
            return Err("invalid", f"evaluators, item {number}: {evaluator}", "evaluators")
        found.append(evaluator)
    return Ok(tuple(found))


def _converted(value: dict[str, Json], into: type[Any]) -> Any | str:
    """The value, or a sentence about what does not fit."""
    known = {field.encode_name for field in msgspec.structs.fields(into)} | {"kind"}
    if strange := [name for name in value if name not in known]:
        return f"{strange[0]!r} is not known here (known: {', '.join(sorted(known - {'kind'}))})."
    try:
        return msgspec.convert(value, into)
    except msgspec.ValidationError as error:
        return f"{str(error)[0].lower()}{str(error)[1:]}."
