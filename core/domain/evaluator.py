"""Evaluators: what judges a run. A closed union; each is a value, and its content names its revision."""

from typing import Literal

import msgspec

from core.domain.canonical import Json, content_hash


class _Evaluator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    name: str = ""
    """As a person calls it; empty: it is called by what it does."""

    def hash(self) -> str:
        """Names this revision by its content; a new name alone makes no new one."""
        return content_hash(msgspec.structs.replace(self, name=""))


class Exact(_Evaluator, frozen=True, tag="exact"):
    """The answer is what is expected. Spaces at both ends never count."""

    ignore_case: bool = False


class Contains(_Evaluator, frozen=True, tag="contains"):
    """The answer holds some of the texts; without texts, the lines of what is expected."""

    how: Literal["any", "all", "none"] = "all"
    texts: tuple[str, ...] = ()
    ignore_case: bool = True


class Matches(_Evaluator, frozen=True, tag="regex"):
    """The pattern is found in the answer; without a pattern, what is expected is one."""

    pattern: str = ""
    ignore_case: bool = False


class JsonEquals(_Evaluator, frozen=True, tag="json_equals"):
    """The answer is JSON and its value is the expected one, whatever the order of its fields."""

    ignore_other_fields: bool = False


class JsonSchema(_Evaluator, frozen=True, tag="json_schema"):
    """The answer is JSON and fits the schema; without a schema, what is expected is one."""

    schema: dict[str, Json] = {}


class Numeric(_Evaluator, frozen=True, tag="numeric"):
    """A number of the answer is close to the expected one."""

    tolerance: float = 0.0
    relative: bool = False
    """The tolerance is a share of the expected number."""
    which: Literal["last", "first", "any"] = "last"


class Similar(_Evaluator, frozen=True, tag="similarity"):
    """The answer resembles what is expected: the share of pairs of neighbouring characters that both have."""

    at_least: float = 0.8


class Length(_Evaluator, frozen=True, tag="length"):
    unit: Literal["characters", "words", "lines"] = "words"
    at_least: int | None = None
    at_most: int | None = None


class Latency(_Evaluator, frozen=True, tag="latency"):
    at_most_s: float
    until: Literal["end", "first_token"] = "end"


class Tokens(_Evaluator, frozen=True, tag="tokens"):
    at_most: int
    of: Literal["total", "prompt", "completion"] = "total"


class Cost(_Evaluator, frozen=True, tag="cost"):
    at_most_usd: float


class ToolUse(_Evaluator, frozen=True, tag="tool_use"):
    """How the tools were used. Calls that were refused were not made and do not count."""

    how: Literal["called", "not_called", "at_most", "first", "in_order", "with_arguments"]
    tools: tuple[str, ...]
    times: int = 1
    """Of `at_most`: calls of these tools together."""
    arguments: dict[str, Json] = {}
    """Of `with_arguments`: what one call has to have; other arguments may stand beside it."""


class Judge(_Evaluator, frozen=True, tag="judge"):
    """A model judges by a rubric: a run of its own, with its own journal."""

    rubric: str
    endpoint: str = ""
    model: str = ""
    pass_at: float = 0.7
    temperature: float | None = 0.0
    """None: not sent; some models refuse to be told."""
    max_tokens: int = 800


class HumanVote(_Evaluator, frozen=True, tag="human"):
    """People say yes or no; the majority counts."""

    question: str = "Is this a good answer?"


PureEvaluator = (
    Exact
    | Contains
    | Matches
    | JsonEquals
    | JsonSchema
    | Numeric
    | Similar
    | Length
    | Latency
    | Tokens
    | Cost
    | ToolUse
)
Evaluator = PureEvaluator | Judge | HumanVote


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluator says of a run. `passed` None: it cannot say, and `reason` tells why."""

    passed: bool | None
    value: float | None = None
    """From 0 to 1; None: it cannot say."""
    reason: str = ""


def verdict(is_good: bool, reason: str = "", value: float | None = None) -> Verdict:
    return Verdict(passed=is_good, value=float(is_good) if value is None else value, reason=reason)


def unsaid(reason: str) -> Verdict:
    return Verdict(passed=None, reason=reason)
