"""Evaluators that need nothing but the run: pure functions of the item and of what was seen."""

import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import assert_never

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.dataset import Item
from core.domain.evaluator import (
    Contains,
    Cost,
    Exact,
    JsonEquals,
    JsonSchema,
    Latency,
    Length,
    Matches,
    Numeric,
    PureEvaluator,
    Similar,
    Tokens,
    ToolUse,
    Verdict,
    unsaid,
    verdict,
)
from core.domain.json_answers import read_answer, same_value
from core.domain.observed import Observed
from core.domain.patterns import is_found, pattern_fault
from core.domain.schema_check import complaints, schema_fault
from core.domain.tool_use import judge_tools

_NUMBER = re.compile(r"(?<![\w.])[-+\N{MINUS SIGN}]?\d+(?:[,\u00a0\u202f ]\d{3}(?!\d))*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_SEPARATORS = re.compile("[,\u00a0\u202f ]")
_SHOWN_CHARS = 80


def judge(evaluator: PureEvaluator, item: Item, run: Observed) -> Verdict:
    """What the evaluator says. A run that failed passes nothing; one that was stopped is not judged."""
    if (without := without_answer(run)) is not None:
        return without
    match evaluator:
        case Latency() | Tokens() | Cost():
            return _used(evaluator, run)
        case ToolUse():
            return judge_tools(evaluator, run.calls)
        case Length():
            return _length(evaluator, run.output)
        case Contains(texts=texts) if texts:
            return _contains(evaluator, texts, run.output)
        case Matches(pattern=pattern) if pattern:
            return _matches(evaluator, pattern, run.output)
        case JsonSchema(schema=schema) if schema:
            return _fits(schema, run.output)
        case _ if not item.expected.strip():
            return unsaid("Nothing is expected of this item.")
        case _:
            return _against(evaluator, item.expected, run.output)


def without_answer(run: Observed) -> Verdict | None:
    """What every evaluator says of a run that has no answer; None: it has one."""
    match run.status:
        case "done":
            return None
        case "cancelled":
            return unsaid("The run was stopped.")
        case "failed":
            return verdict(False, f"The run failed. {run.fault}".strip())
        case _:
            assert_never(run.status)


def _against(
    evaluator: Exact | Contains | Matches | JsonEquals | JsonSchema | Numeric | Similar, expected: str, output: str
) -> Verdict:
    match evaluator:
        case Exact():
            return _exact(evaluator, expected, output)
        case Contains():
            return _contains(evaluator, tuple(filter(None, map(str.strip, expected.splitlines()))), output)
        case Matches():
            return _matches(evaluator, expected.strip(), output)
        case JsonEquals():
            return _json_equals(evaluator, expected, output)
        case JsonSchema():
            return _expected_schema(expected, output)
        case Numeric():
            return _numeric(evaluator, expected, output)
        case Similar():
            share = similarity(expected, output)
            return verdict(share >= evaluator.at_least, f"{share:.0%} alike.", share)
        case _:
            assert_never(evaluator)


def _exact(evaluator: Exact, expected: str, output: str) -> Verdict:
    wanted, said = expected.strip(), output.strip()
    if evaluator.ignore_case:
        wanted, said = wanted.casefold(), said.casefold()
    return verdict(wanted == said, "" if wanted == said else f"Expected {_shown(expected)}.")


def _contains(evaluator: Contains, texts: tuple[str, ...], output: str) -> Verdict:
    said = output.casefold() if evaluator.ignore_case else output
    there = [text for text in texts if (text.casefold() if evaluator.ignore_case else text) in said]
    match evaluator.how:
        case "any":
            return verdict(bool(there), "" if there else f"None of {_listed(texts)}.")
        case "all":
            missing = [text for text in texts if text not in there]
            return verdict(not missing, f"{_listed(missing)} is missing." if missing else "", len(there) / len(texts))
        case "none":
            return verdict(not there, f"It contains {_listed(there)}." if there else "")
        case _:
            assert_never(evaluator.how)


def _matches(evaluator: Matches, pattern: str, output: str) -> Verdict:
    if fault := pattern_fault(pattern):
        return unsaid(fault)
    is_there = is_found(pattern, output, ignore_case=evaluator.ignore_case)
    return verdict(is_there, "" if is_there else f"{_shown(pattern)} is not found.")


def _json_equals(evaluator: JsonEquals, expected: str, output: str) -> Verdict:
    try:
        wanted = strict_json.read(expected)
    except strict_json.NotJsonError as error:
        return unsaid(f"What is expected is not JSON: {error}.")
    try:
        said = read_answer(output)
    except strict_json.NotJsonError as error:
        return verdict(False, f"The answer is not JSON: {error}.")
    is_same = same_value(said, wanted, ignore_other_fields=evaluator.ignore_other_fields)
    return verdict(is_same, "" if is_same else "The values differ.")


def _expected_schema(expected: str, output: str) -> Verdict:
    try:
        schema = strict_json.read(expected)
    except strict_json.NotJsonError as error:
        return unsaid(f"What is expected is no schema: {error}.")
    return _fits(schema, output) if isinstance(schema, dict) else unsaid("What is expected is no schema.")


def _fits(schema: dict[str, Json], output: str) -> Verdict:
    if fault := schema_fault(schema):
        return unsaid(f"This is no schema: {fault}")
    try:
        said = read_answer(output)
    except strict_json.NotJsonError as error:
        return verdict(False, f"The answer is not JSON: {error}.")
    complaint = next(complaints(schema, said, whole="The answer"), "")
    return verdict(not complaint, complaint)


def _numeric(evaluator: Numeric, expected: str, output: str) -> Verdict:
    wanted = numbers_in(expected)
    if len(wanted) != 1:
        return unsaid(f"What is expected is not one number: {_shown(expected)}.")
    said = numbers_in(output)
    if not said:
        return verdict(False, "The answer has no number.")
    looked_at = {"last": said[-1:], "first": said[:1], "any": said}[evaluator.which]
    allowed = Decimal(str(evaluator.tolerance)) * (abs(wanted[0]) if evaluator.relative else 1)
    distance, nearest = min((abs(number - wanted[0]), number) for number in looked_at)
    reason = "" if distance <= allowed else f"{nearest} is {distance} away from {wanted[0]}."
    return verdict(distance <= allowed, reason)


def numbers_in(text: str) -> list[Decimal]:
    """The numbers of a text, in order. A point separates decimals; commas and spaces group thousands."""
    found = (_SEPARATORS.sub("", place.group()) for place in _NUMBER.finditer(text))
    return [Decimal(digits.replace("\N{MINUS SIGN}", "-")) for digits in found]


def similarity(one: str, other: str) -> float:
    """From 0 to 1: the Sørensen–Dice coefficient over pairs of neighbouring characters; case and spacing do not count.

    Dice (1945), Ecology 26:297. Its time grows with the texts, not with their product.
    """
    left, right = _pairs(one), _pairs(other)
    if not left or not right:
        return float(" ".join(one.split()).casefold() == " ".join(other.split()).casefold())
    return 2 * (left & right).total() / (left.total() + right.total())


def _pairs(text: str) -> Counter[str]:
    flat = " ".join(text.split()).casefold()
    return Counter(map("".join, pairwise(flat)))


def _length(evaluator: Length, output: str) -> Verdict:
    units = {"characters": len(output.strip()), "words": len(output.split()), "lines": len(output.strip().splitlines())}
    count = units[evaluator.unit]
    is_short = evaluator.at_least is not None and count < evaluator.at_least
    is_long = evaluator.at_most is not None and count > evaluator.at_most
    return verdict(not is_short and not is_long, f"{count:,} {evaluator.unit if count != 1 else evaluator.unit[:-1]}.")


def _used(evaluator: Latency | Tokens | Cost, run: Observed) -> Verdict:
    usage = run.totals.usage
    match evaluator:
        case Latency(until="first_token"):
            first_ms = run.totals.first_token_ms
            used, unit = (None if first_ms is None else first_ms / 1000), "s"
            allowed = evaluator.at_most_s
        case Latency():
            used, unit, allowed = run.totals.active_s, "s", evaluator.at_most_s
        case Tokens():
            counts = {"prompt": "prompt_tokens", "completion": "completion_tokens", "total": "total_tokens"}
            used, unit = (getattr(usage, counts[evaluator.of]) if usage else None), "tokens"
            allowed = evaluator.at_most
        case Cost():
            used, unit, allowed = (usage.cost_usd if usage else None), "dollars", evaluator.at_most_usd
        case _:
            assert_never(evaluator)
    return (
        unsaid("The endpoint did not report it.") if used is None else verdict(used <= allowed, f"{used:,.6g} {unit}.")
    )


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= _SHOWN_CHARS else flat[:_SHOWN_CHARS] + '…'}”"


def _listed(texts: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return ", ".join(_shown(text) for text in texts[:3]) + more
