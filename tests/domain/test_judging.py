import time
from decimal import Decimal

import pytest

from core.domain.dataset import Item
from core.domain.evaluator import (
    Contains,
    Cost,
    Evaluator,
    Exact,
    JsonEquals,
    JsonSchema,
    Judge,
    Latency,
    Length,
    Matches,
    Numeric,
    Similar,
    Tokens,
    ToolUse,
)
from core.domain.judging import judge, numbers_in, similarity
from core.domain.message import Usage
from core.domain.observed import Observed, SeenCall
from core.domain.patterns import is_found, pattern_fault
from core.domain.run import Totals

SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
USED = Totals(
    usage=Usage(prompt_tokens=10, completion_tokens=5, total_tokens=15, cost_usd=0.02),
    active_s=2.0,
    first_token_ms=300.0,
)
CALLS = (
    SeenCall(name="search", arguments={"q": "vat", "limit": 5}),
    SeenCall(name="calculator", arguments={"expression": "1+1"}),
    SeenCall(name="calculator", arguments={"expression": "2+2"}),
)


def said(evaluator: Evaluator, output: str, expected: str = "") -> bool | None:
    return judge(evaluator, Item(input="?", expected=expected), Observed(output=output)).passed


@pytest.mark.parametrize(
    ("evaluator", "output", "expected", "passed"),
    [
        (Exact(), " Paris\n", "Paris", True),
        (Exact(), "paris", "Paris", False),
        (Exact(ignore_case=True), "STRASSE", "straße", True),
        (Exact(), "Paris", "", None),
        (Contains(texts=("a", "b")), "A and B", "", True),
        (Contains(texts=("a", "z"), how="all"), "a", "", False),
        (Contains(texts=("a", "z"), how="any"), "a", "", True),
        (Contains(texts=("z",), how="none"), "a", "", True),
        (Contains(texts=("a",), how="none", ignore_case=False), "A", "", True),
        (Contains(), "red and blue", "red\n\nblue\n", True),
        (Matches(pattern=r"^\d{3}-\d{4}$"), "555-1234", "", True),
        (Matches(pattern="paris"), "Paris", "", False),
        (Matches(pattern="paris", ignore_case=True), "in Paris.", "", True),
        (Matches(), "a7", r"\d", True),
        (Matches(pattern="("), "a", "", None),
        (JsonEquals(), '```json\n{"b": 2, "a": 1.0}\n```', '{"a": 1, "b": 2}', True),
        (JsonEquals(), '{"a": true}', '{"a": 1}', False),
        (JsonEquals(), '{"a": 1, "b": 2}', '{"a": 1}', False),
        (JsonEquals(ignore_other_fields=True), '{"a": 1, "b": 2}', '{"a": 1}', True),
        (JsonEquals(), "a is 1", '{"a": 1}', False),
        (JsonEquals(), "{}", "not JSON", None),
        (JsonSchema(schema=SCHEMA), '{"total": 3}', "", True),
        (JsonSchema(schema=SCHEMA), '{"sum": 3}', "", False),
        (JsonSchema(), "[1]", '{"type": "array"}', True),
        (JsonSchema(schema={"type": "no such type"}), "[1]", "", None),
        (Numeric(), "17 % of 2,340 is 397.8.", "397.8", True),
        (Numeric(which="first"), "17 % of 2,340 is 397.8.", "397.8", False),
        (Numeric(which="any", tolerance=0.5), "397.5 or so, in 2 steps", "397.8", True),
        (Numeric(tolerance=0.01, relative=True), "about 400", "397.8", True),
        (Numeric(tolerance=0.001, relative=True), "about 400", "397.8", False),
        (Numeric(), "no idea", "3", False),
        (Numeric(), "3", "three", None),
        (Similar(at_least=0.7), "Healed", "sealed", True),
        (Similar(at_least=0.9), "Healed", "sealed", False),
        (Length(at_most=3), "one two three", "", True),
        (Length(unit="characters", at_least=5), "four", "", False),
        (Length(unit="lines", at_most=1), "a\nb", "", False),
    ],
)
def test_what_an_evaluator_says_of_an_answer(evaluator, output, expected, passed):
    assert said(evaluator, output, expected) is passed


@pytest.mark.parametrize(
    ("evaluator", "passed"),
    [
        (Latency(at_most_s=2.0), True),
        (Latency(at_most_s=0.2, until="first_token"), False),
        (Tokens(at_most=14), False),
        (Tokens(at_most=5, of="completion"), True),
        (Cost(at_most_usd=0.02), True),
        (ToolUse(how="called", tools=("search", "calculator")), True),
        (ToolUse(how="called", tools=("search", "clock")), False),
        (ToolUse(how="not_called", tools=("clock",)), True),
        (ToolUse(how="not_called", tools=("clock", "search")), False),
        (ToolUse(how="at_most", tools=("calculator",), times=1), False),
        (ToolUse(how="at_most", tools=("calculator",), times=2), True),
        (ToolUse(how="first", tools=("search",)), True),
        (ToolUse(how="first", tools=("calculator",)), False),
        (ToolUse(how="in_order", tools=("search", "calculator")), True),
        (ToolUse(how="in_order", tools=("calculator", "search")), False),
        (ToolUse(how="with_arguments", tools=("search",), arguments={"q": "vat"}), True),
        (ToolUse(how="with_arguments", tools=("search",), arguments={"q": "tax"}), False),
        (ToolUse(how="with_arguments", tools=("clock",), arguments={}), False),
    ],
)
def test_what_an_evaluator_says_of_a_run(evaluator, passed):
    seen = Observed(output="ok", totals=USED, calls=CALLS)

    assert judge(evaluator, Item(input="?"), seen).passed is passed


def test_what_was_not_reported_is_not_judged():
    assert judge(Cost(at_most_usd=1), Item(input="?"), Observed()).passed is None
    assert judge(Tokens(at_most=1), Item(input="?"), Observed()).passed is None


def test_a_failed_run_passes_nothing_and_a_stopped_one_is_not_judged():
    evaluator = Contains(texts=("x",), how="none")

    failed = judge(evaluator, Item(input="?"), Observed(status="failed", fault="timeout: silent"))

    assert failed.passed is False
    assert "timeout: silent" in failed.reason
    assert judge(evaluator, Item(input="?"), Observed(status="cancelled")).passed is None


def test_hostile_patterns_do_not_hang():
    begun_s = time.process_time()
    for pattern in (r"(a+)+$", r"(?:a|a)*b", r"(.*a){25}b", r"^(([a-z])+.)+[A-Z]([a-z])+$"):
        assert not pattern_fault(pattern)
        assert not is_found(pattern, "a" * 100_000 + "!")

    assert pattern_fault("(a{1000}){1000}")
    assert time.process_time() - begun_s < 5


@pytest.mark.parametrize(("one", "other", "share"), [("night", "nacht", 0.25), ("healed", "sealed", 0.8)])
def test_similarity_as_published(one, other, share):
    """The examples of Dice's coefficient over pairs of letters that the literature repeats."""
    assert similarity(one, other) == share


def test_numbers_are_found_where_they_stand():
    text = "It is 1,234.5, −7 or 3.5e3; v2 and 12,34 in 1 000 cases"

    assert numbers_in(text) == [Decimal(n) for n in ("1234.5", "-7", "3500", "12", "34", "1000")]


def test_a_revision_is_named_by_its_content_and_not_by_its_name():
    assert Exact(name="a").hash() == Exact(name="b").hash()
    assert Exact().hash() != Exact(ignore_case=True).hash()
    assert Judge(rubric="kind").hash() != Judge(rubric="short").hash()
