"""Evaluators of tool usage: which tools were called, how often, in which order, with what."""

from collections.abc import Sequence
from typing import assert_never

from core.domain.evaluator import ToolUse, Verdict, verdict
from core.domain.json_answers import same_value
from core.domain.observed import SeenCall


def judge_tools(evaluator: ToolUse, calls: Sequence[SeenCall]) -> Verdict:
    """What the evaluator says of the calls that were made."""
    names = [call.name for call in calls]
    theirs = [name for name in names if name in evaluator.tools]
    match evaluator.how:
        case "called":
            missing = [tool for tool in evaluator.tools if tool not in names]
            return verdict(not missing, f"{', '.join(missing)} was not called." if missing else "")
        case "not_called":
            return verdict(not theirs, f"{theirs[0]} was called." if theirs else "")
        case "at_most":
            return verdict(len(theirs) <= evaluator.times, f"{len(theirs)} calls.")
        case "first":
            first = names[0] if names else ""
            return verdict(first in evaluator.tools, f"{first or 'No tool'} was called first.")
        case "in_order":
            return verdict(_in_order(evaluator.tools, names), f"Called: {', '.join(names) or 'nothing'}.")
        case "with_arguments":
            return _with_arguments(evaluator, calls)
        case _:
            assert_never(evaluator.how)


def _in_order(wanted: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the wanted calls came one after another; others may stand between."""
    rest = iter(names)
    return all(name in rest for name in wanted)


def _with_arguments(evaluator: ToolUse, calls: Sequence[SeenCall]) -> Verdict:
    theirs = [call for call in calls if call.name in evaluator.tools]
    if not theirs:
        return verdict(False, f"{', '.join(evaluator.tools)} was not called.")
    is_met = any(same_value(call.arguments, evaluator.arguments, ignore_other_fields=True) for call in theirs)
    return verdict(is_met, "" if is_met else "No call had these arguments.")
