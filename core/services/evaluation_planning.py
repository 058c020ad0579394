"""From what a person wants to evaluate to a frozen plan, with what it will take."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import AgentSpec, Parameters
from core.domain.dataset import Item, NumberedItem
from core.domain.evaluation import (
    MOST_CELLS,
    MOST_PARALLEL,
    MOST_REPEATS,
    MOST_VARIANTS,
    Estimate,
    FrozenModel,
    Plan,
    PlannedVariant,
    UsedEvaluator,
)
from core.domain.evaluator import Evaluator, Judge
from core.domain.evaluator_check import evaluator_fault
from core.domain.model_info import FREE, ModelInfo, Price
from core.domain.names import told_apart
from core.domain.result import Err, Ok, Result
from core.domain.rubric import INSTRUCTIONS, question
from core.domain.run import RunSpec
from core.domain.serving import price_of
from core.domain.spending import asks_agents, call_bound_usd
from core.domain.template import render
from core.domain.tool import ToolMode
from core.domain.variant import Variant
from core.repositories.dataset_items import DatasetItemRepository
from core.repositories.datasets import DatasetRepository
from core.services.endpoints import EndpointService
from core.services.evaluation_money import bound_of
from core.services.evaluation_recordings import nothing_recorded
from core.services.evaluation_turn import rendered
from core.services.run_spec import SpecBuilder
from core.services.variants import Resolved, VariantService

_PATIENCE_S = 2.0
"""How long to wait for what an endpoint tells of its prices; then they are not known."""
_ANSWER_TOKENS = 4_000
"""What an answer without a limit is taken for, where it is judged and only its length in bytes is wanted."""

_ENDLESS = "How long an answer of {} may get is not known: set its max tokens."
_Models = list[PlannedVariant | FrozenModel]


class NewEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for."""

    name: str
    dataset_id: UUID
    version: int | None = None
    """None: the newest."""
    variants: tuple[Variant, ...]
    evaluators: tuple[Evaluator, ...] = ()
    repeats: int = 1
    parallel: int = 4
    tool_mode: ToolMode = "dry_run"
    ceiling_usd: float | None = None
    price: Price | None = None
    """For endpoints that do not tell theirs."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What a new evaluation is, frozen, and what it will take."""

    version: int
    items: tuple[int, ...]
    plan: Plan
    evaluators: tuple[UsedEvaluator, ...]
    estimate: Estimate


class EvaluationPlanner:
    """Looks up, freezes, estimates; changes nothing."""

    def __init__(
        self, engine: Engine, variants: VariantService, specs: SpecBuilder, endpoints: EndpointService
    ) -> None:
        self._engine, self._variants, self._specs, self._endpoints = engine, variants, specs, endpoints

    def prepare(self, wanted: NewEvaluation) -> Result[Prepared]:
        """Everything that an evaluation needs, or the first thing that is wrong with it."""
        found = self._items(wanted)
        if isinstance(found, Err):
            return found
        version, items = found.value
        if problem := next(_problems(wanted, len(items)), None):
            return problem
        variants = self._planned(wanted)
        if isinstance(variants, Err):
            return variants
        used = self.used(wanted.evaluators, wanted.price)
        if isinstance(used, Err):
            return used
        plan = Plan(
            variants=variants.value, repeats=wanted.repeats, parallel=wanted.parallel, tool_mode=wanted.tool_mode
        )
        estimate = _estimate(plan, used.value, items)
        if wanted.ceiling_usd is not None and (unknown := " ".join(_unpayable(_models(plan, used.value), plan))):
            return Err("invalid", f"A ceiling cannot be kept here: {unknown}", "ceiling_usd")
        numbers = tuple(one.number for one in items)
        with UnitOfWork(self._engine) as unit:
            lacking = tuple(nothing_recorded(unit.session, plan, wanted.dataset_id, numbers))
        estimate = msgspec.structs.replace(estimate, notes=(*estimate.notes, *lacking))
        return Ok(Prepared(version=version, items=numbers, plan=plan, evaluators=used.value, estimate=estimate))

    def used(self, evaluators: Sequence[Evaluator], price: Price | None = None) -> Result[tuple[UsedEvaluator, ...]]:
        """Evaluators as they are used: checked, and judging models frozen."""
        found: list[UsedEvaluator] = []
        for evaluator in evaluators:
            if fault := evaluator_fault(evaluator):
                return Err("invalid", fault, "evaluators")
            model = self._judge_model(evaluator, price) if isinstance(evaluator, Judge) else Ok(None)
            if isinstance(model, Err):
                return model
            found.append(UsedEvaluator(evaluator=evaluator, model=model.value))
        if len({one.evaluator.hash() for one in found}) < len(found):
            return Err("invalid", "The same evaluator is there twice.", "evaluators")
        return Ok(tuple(found))

    def _items(self, wanted: NewEvaluation) -> Result[tuple[int, list[NumberedItem]]]:
        with UnitOfWork(self._engine) as unit:
            dataset = DatasetRepository(unit.session).get(wanted.dataset_id)
            if dataset is None:
                return Err("not_found", "There is no such dataset any more.", "dataset")
            version = wanted.version or dataset.version
            items = DatasetItemRepository(unit.session, dataset.id, version).list()
        return Ok((version, items)) if items else Err("invalid", "The dataset has no items yet.", "dataset")

    def _planned(self, wanted: NewEvaluation) -> Result[tuple[PlannedVariant, ...]]:
        planned: list[PlannedVariant] = []
        for variant in wanted.variants:
            resolved = self._variants.resolve(variant)
            if isinstance(resolved, Err):
                return resolved
            one = self._frozen(resolved.value, variant.name, wanted)
            if isinstance(one, Err):
                return one
            planned.append(one.value)
        return Ok(_named_apart(planned))

    def _frozen(self, resolved: Resolved, name: str, wanted: NewEvaluation) -> Result[PlannedVariant]:
        spec = self._freeze(resolved.spec)
        if isinstance(spec, Err):
            return spec
        frozen = msgspec.structs.replace(spec.value, tool_mode=wanted.tool_mode)
        info = self._told(frozen)
        return Ok(
            PlannedVariant(
                name=name or _called(resolved, frozen),
                spec=resolved.spec,
                frozen=frozen,
                agent_id=resolved.agent.id if resolved.agent else None,
                agent_name=resolved.agent.name if resolved.agent else "",
                revision=None if resolved.is_changed else resolved.revision,
                price=price_of(frozen, info) or wanted.price,
                context_tokens=info.context_tokens if info else None,
            )
        )

    def _freeze(self, spec: AgentSpec) -> Result[RunSpec]:
        """All but the prompt, which is rendered for every item by itself."""
        return self._specs.freeze(msgspec.structs.replace(spec, instructions="", variables=()), {}, ())

    def _judge_model(self, judge: Judge, price: Price | None) -> Result[FrozenModel | None]:
        parameters = Parameters(temperature=judge.temperature, max_tokens=judge.max_tokens)
        spec = self._freeze(AgentSpec(endpoint=judge.endpoint, model=judge.model, parameters=parameters))
        if isinstance(spec, Err):
            return spec
        frozen = msgspec.structs.replace(spec.value, instructions=INSTRUCTIONS)
        info = self._told(frozen)
        return Ok(
            FrozenModel(
                frozen=frozen,
                price=price_of(frozen, info) or price,
                context_tokens=info.context_tokens if info else None,
            )
        )

    def _told(self, spec: RunSpec) -> ModelInfo | None:
        return self._endpoints.told_of(spec.endpoint, spec.model, _PATIENCE_S)


def _problems(wanted: NewEvaluation, items: int) -> Iterator[Err]:
    cells = len(wanted.variants) * items * wanted.repeats
    if not 1 <= len(wanted.name.strip()) <= 100:
        yield Err("invalid", "A name has 1 to 100 characters.", "name")
    if not 1 <= len(wanted.variants) <= MOST_VARIANTS:
        yield Err("invalid", f"An evaluation has 1 to {MOST_VARIANTS} variants.", "variants")
    if not 1 <= wanted.repeats <= MOST_REPEATS:
        yield Err("invalid", f"Each item is asked 1 to {MOST_REPEATS} times.", "repeats")
    if not 1 <= wanted.parallel <= MOST_PARALLEL:
        yield Err("invalid", f"1 to {MOST_PARALLEL} runs are under way at once.", "parallel")
    if cells > MOST_CELLS:
        yield Err("invalid", f"These are {cells:,} runs; an evaluation has at most {MOST_CELLS:,}.", "variants")
    if wanted.ceiling_usd is not None and wanted.ceiling_usd <= 0:
        yield Err("invalid", "A ceiling is more than nothing.", "ceiling_usd")


def _estimate(plan: Plan, evaluators: Sequence[UsedEvaluator], items: Sequence[NumberedItem]) -> Estimate:
    each = len(items) * plan.repeats
    judges = [used for used in evaluators if isinstance(used.evaluator, Judge)]
    runs = each * len(plan.variants)
    steps = sum(variant.frozen.limits.steps if variant.frozen.tools else 1 for variant in plan.variants)
    bounds = [_most_usd(variant, items) for variant in plan.variants]
    bounds += [_judge_usd(used, items) for used in judges for _ in plan.variants]
    known = [bound for bound in bounds if bound is not None]
    return Estimate(
        items=len(items),
        runs=runs * (1 + len(judges)),
        calls=runs * (1 + len(judges)),
        most_calls=each * steps + runs * len(judges),
        bound_usd=sum(known) * each if len(known) == len(bounds) else None,
        notes=tuple(_notes(plan, _models(plan, evaluators), items)),
    )


def _most_usd(variant: PlannedVariant, items: Sequence[NumberedItem]) -> float | None:
    """At most what the variant's dearest item costs."""
    longest = max(items, key=lambda one: _size(one.item)).item
    spec = rendered(variant, longest)
    bare = msgspec.structs.replace(variant.frozen, instructions=variant.spec.instructions)
    return bound_of(bare if isinstance(spec, str) else spec, variant, longest.input)


def _judge_usd(used: UsedEvaluator, items: Sequence[NumberedItem]) -> float | None:
    assert used.model is not None
    assert isinstance(used.evaluator, Judge)
    longest = max((one.item for one in items), key=_size)
    text = question(used.evaluator, longest, "x" * _ANSWER_TOKENS)
    return bound_of(used.model.frozen, used.model, text)


def _size(item: Item) -> int:
    return len(item.input) + len(item.expected) + sum(map(len, item.variables.values()))


def _models(plan: Plan, evaluators: Sequence[UsedEvaluator]) -> _Models:
    """Everything that is asked for money."""
    return [*plan.variants, *(used.model for used in evaluators if used.model)]


def _notes(plan: Plan, models: _Models, items: Sequence[NumberedItem]) -> Iterator[str]:
    for variant in plan.variants:
        yield from variant.frozen.notes
        lacking = [one for one in items if isinstance(rendered(variant, one.item), str)]
        if lacking:
            names = render(variant.spec.instructions, variant.spec.variables, lacking[0].item.variables).missing
            what = f" ({', '.join(names)})" if names else ""
            yield f"{variant.name}: {len(lacking):,} items give no good value for its variables{what}."
    yield from _unknown_prices(models, plan)
    for name in dict.fromkeys(one.frozen.model for one in models if _is_endless(one)):
        yield _ENDLESS.format(name)


def _unpayable(models: _Models, plan: Plan) -> Iterator[str]:
    """Why a call's cost has no bound, so that nothing could be set aside for it."""
    yield from _unknown_prices(models, plan)
    for one in models:
        if one.price and call_bound_usd(one.frozen.parameters, one.price, one.context_tokens, 0) is None:
            yield _ENDLESS.format(one.frozen.model)


def _unknown_prices(models: _Models, plan: Plan) -> Iterator[str]:
    for name in dict.fromkeys(one.frozen.model for one in models if one.price is None):
        yield f"The price of {name} is not known."
    for variant in plan.variants:
        if asks_agents(variant.frozen):
            yield f"{variant.name} may ask other agents; what those cost is not known."


def _is_endless(model: PlannedVariant | FrozenModel) -> bool:
    has_length = model.frozen.parameters.max_tokens is not None and not model.frozen.tools
    return model.price not in {None, FREE} and model.context_tokens is None and not has_length


def _called(resolved: Resolved, frozen: RunSpec) -> str:
    if resolved.agent is None:
        return frozen.model
    which = "draft" if resolved.revision is None else f"revision {resolved.revision}"
    return f"{resolved.agent.name}, {which}{', changed' if resolved.is_changed else ''}"


def _named_apart(variants: Sequence[PlannedVariant]) -> tuple[PlannedVariant, ...]:
    """No two of one name."""
    names = told_apart([variant.name for variant in variants])
    return tuple(msgspec.structs.replace(one, name=name) for one, name in zip(variants, names, strict=True))
