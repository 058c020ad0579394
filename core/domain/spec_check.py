"""What is wrong with a spec before it may become a revision. A draft may have all of these."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from core.domain.agent import TOOL_CHOICES, AgentSpec, Limits, Parameters, Retry, Variable
from core.domain.schema_check import schema_fault
from core.domain.template import VARIABLE_NAME, BadValue, check_value, undefined_in
from core.domain.tool import NAME_PATTERN


class Problem(msgspec.Struct, frozen=True):
    """`field` names the part of the spec, `message` is a sentence for a person."""

    field: str
    message: str


def problems(spec: AgentSpec) -> tuple[Problem, ...]:
    return tuple(_problems(spec))


def _problems(spec: AgentSpec) -> Iterator[Problem]:
    for name in undefined_in(spec.instructions, spec.variables):
        yield Problem("instructions", f"The instructions use {{{{{name}}}}}, which is not defined as a variable.")
    for name in _twice(variable.name for variable in spec.variables):
        yield Problem("variables", f"The variable {name} is defined twice.")
    for variable in spec.variables:
        yield from _variable(variable)
    for name in _twice(choice.name for choice in spec.tools):
        yield Problem("tools", f"The tool {name} is chosen twice.")
    for choice in spec.tools:
        if not re.fullmatch(NAME_PATTERN, choice.name):
            yield Problem("tools", f"{choice.name!r} is not a name that a tool can have.")
    yield from _parameters(spec.parameters)
    yield from _tool_choice(spec)
    yield from _limits(spec.limits)
    yield from _retry(spec.retry)


def _variable(variable: Variable) -> Iterator[Problem]:
    if not re.fullmatch(VARIABLE_NAME, variable.name):
        yield Problem(
            "variables", f"{variable.name!r} is not a variable's name: letters, digits and underscores, no digit first."
        )
    if variable.type == "choice" and not variable.choices:
        yield Problem("variables", f"The variable {variable.name} has nothing to choose from.")
    elif variable.default and isinstance(bad := check_value(variable, variable.default), BadValue):
        yield Problem("variables", f"The default of {bad.message}")


def _parameters(given: Parameters) -> Iterator[Problem]:
    yield from _within("parameters", "The temperature", given.temperature, 0, 2)
    yield from _within("parameters", "Top-p", given.top_p, 0, 1)
    yield from _within("parameters", "The frequency penalty", given.frequency_penalty, -2, 2)
    yield from _within("parameters", "The presence penalty", given.presence_penalty, -2, 2)
    if given.max_tokens is not None and given.max_tokens < 1:
        yield Problem("parameters", "An answer needs at least 1 token.")
    if given.response_schema is not None and (fault := schema_fault(given.response_schema)):
        yield Problem("parameters", f"The schema of the answer is faulty: {fault}")


def _tool_choice(spec: AgentSpec) -> Iterator[Problem]:
    choice = spec.parameters.tool_choice
    if choice is not None and choice not in (*TOOL_CHOICES, *(tool.name for tool in spec.tools)):
        yield Problem("parameters", f"The tool {choice}, which every step has to call, is not one of the agent's.")


def _limits(limits: Limits) -> Iterator[Problem]:
    yield from _within("limits", "The limit of steps", limits.steps, 1, 1000)
    yield from _within("limits", "The limit of tool calls", limits.calls, 0, 10_000)
    yield from _within("limits", "The limit of seconds", limits.seconds, 1, 86_400)
    yield from _within("limits", "The number of parallel calls", limits.parallel, 1, 64)
    if limits.tokens is not None and limits.tokens < 1:
        yield Problem("limits", "The limit of tokens is at least 1, or none.")
    if limits.cost_usd is not None and not limits.cost_usd > 0:
        yield Problem("limits", "The limit of cost is above 0, or none.")


def _retry(retry: Retry) -> Iterator[Problem]:
    yield from _within("retry", "The number of attempts", retry.attempts, 1, 10)
    yield from _within("retry", "The wait between attempts", retry.wait_s, 0, 600)


def _within(field: str, what: str, value: float | None, low: float, high: float) -> Iterator[Problem]:
    if value is not None and not low <= value <= high:
        yield Problem(field, f"{what} lies between {low:,} and {high:,}, not at {value:,g}.")


def _twice(names: Iterable[str]) -> Iterator[str]:
    return (name for name, count in Counter(names).items() if count > 1)
