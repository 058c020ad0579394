"""What runs cost: at most, before they start, and in fact, once they have ended. Dollars; prices are for a million."""

from typing import Final
from uuid import UUID

from core.domain.agent import Limits, Parameters, Retry
from core.domain.message import Usage
from core.domain.model_info import FREE, Price
from core.domain.purse import Charge
from core.domain.run import RunSpec

_MILLION: Final = 1_000_000


def bound_usd(spec: RunSpec, price: Price | None, context_tokens: int | None, request_bytes: int) -> float | None:
    """At most what a run of this spec costs; None: nobody can say.

    `request_bytes` is the size of its first request, and a token is at least a byte of it. A run with tools asks
    again, each time with a longer request, up to the model's context.
    """
    if price is None or asks_agents(spec):
        return None
    if price == FREE:
        return 0.0
    answer = _answer_tokens(spec.parameters, context_tokens)
    if answer is None:
        return None
    first = _call_usd(price, min(request_bytes, context_tokens or request_bytes), answer)
    more = _later_steps(spec)
    if more and context_tokens is None:
        return None
    whole = (first + more * _call_usd(price, context_tokens or 0, answer)) * _attempts(spec.retry)
    return _limited(whole, spec.limits, _call_usd(price, context_tokens or request_bytes, answer))


def call_bound_usd(
    parameters: Parameters, price: Price, context_tokens: int | None, request_bytes: int
) -> float | None:
    """At most what one model call costs; None: nobody can say how long its answer may get."""
    if price == FREE:
        return 0.0
    answer = _answer_tokens(parameters, context_tokens)
    return None if answer is None else _call_usd(price, min(request_bytes, context_tokens or request_bytes), answer)


def charge_of(spec: RunSpec, run_id: UUID, effect: str, attempt: int, request_bytes: int) -> Charge | None:
    """What a call of a run sets aside; None: its run shares no ceiling, or the call is free."""
    if spec.purse is None:
        return None
    usd = call_bound_usd(spec.parameters, spec.purse.price, spec.purse.context_tokens, request_bytes)
    return Charge(account=spec.purse.account, run_id=run_id, effect=effect, attempt=attempt, usd=usd) if usd else None


def asks_agents(spec: RunSpec) -> bool:
    """Whether it may ask other agents, whose runs are paid for by themselves."""
    return any(tool.kind == "agent" for tool in spec.tools)


def used_usd(usage: Usage | None, price: Price | None, bound: float) -> float:
    """What an ended run cost: as the endpoint says, else by its tokens, else the bound: it cannot be proved less."""
    if usage is not None and usage.cost_usd is not None:
        return usage.cost_usd
    if usage is not None and price is not None:
        return _call_usd(price, usage.prompt_tokens, usage.completion_tokens)
    return bound


def _limited(whole: float, limits: Limits, call_usd: float) -> float:
    """A run's own limit is looked at before each call, so one call may go beyond it."""
    return whole if limits.cost_usd is None else min(whole, limits.cost_usd + call_usd)


def _answer_tokens(parameters: Parameters, context_tokens: int | None) -> int | None:
    return parameters.max_tokens if parameters.max_tokens is not None else context_tokens


def _later_steps(spec: RunSpec) -> int:
    return max(0, spec.limits.steps - 1) if spec.tools else 0


def _attempts(retry: Retry) -> int:
    return max(1, retry.attempts)


def _call_usd(price: Price, prompt_tokens: int, answer_tokens: int) -> float:
    return (price.input_usd * prompt_tokens + price.output_usd * answer_tokens) / _MILLION
