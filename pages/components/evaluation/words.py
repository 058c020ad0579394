"""Evaluations and evaluators in words."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

import streamlit as st

from core.domain.evaluation import Evaluation, EvaluationStatus, Progress
from core.domain.evaluator import (
    Contains,
    Cost,
    Evaluator,
    Exact,
    HumanVote,
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
from core.domain.names import told_apart
from pages.components.state import Colour


class Kind(NamedTuple):
    title: str
    icon: str
    hint: str


KINDS: dict[str, Kind] = {
    "exact": Kind("Exact", ":material/equal:", "The answer is what is expected."),
    "contains": Kind("Contains", ":material/match_word:", "The answer holds any, all or none of some texts."),
    "regex": Kind("Pattern", ":material/regular_expression:", "A regular expression is found in the answer."),
    "json_equals": Kind("JSON value", ":material/data_object:", "The answer is JSON with the expected value."),
    "json_schema": Kind("JSON schema", ":material/schema:", "The answer is JSON that fits a schema."),
    "numeric": Kind("Number", ":material/numbers:", "A number of the answer is close to the expected one."),
    "similarity": Kind("Similarity", ":material/compare_arrows:", "The answer resembles what is expected."),
    "length": Kind("Length", ":material/straighten:", "The answer is as long as you want it."),
    "latency": Kind("Time", ":material/timer:", "The run took no longer."),
    "tokens": Kind("Tokens", ":material/token:", "The run used no more tokens."),
    "cost": Kind("Cost", ":material/payments:", "The run cost no more."),
    "tool_use": Kind("Tool use", ":material/build:", "Tools were called, or not, in order, with arguments."),
    "judge": Kind("Judging model", ":material/gavel:", "A model judges by a rubric; each verdict is a run of its own."),
    "human": Kind("Your vote", ":material/how_to_vote:", "You and others say yes or no in the results."),
}
TOOL_USE = {
    "called": "called",
    "not_called": "not called",
    "at_most": "called at most",
    "first": "called first",
    "in_order": "called in this order",
    "with_arguments": "called with these arguments",
}
_STATUS: dict[EvaluationStatus, tuple[str, str, Colour]] = {
    "running": ("Running", ":material/progress_activity:", "blue"),
    "paused": ("Paused", ":material/pause_circle:", "orange"),
    "cancelled": ("Cancelled", ":material/stop_circle:", "gray"),
    "done": ("Done", ":material/check_circle:", "green"),
}


def status_badge(evaluation: Evaluation) -> None:
    word, icon, colour = _STATUS[evaluation.status]
    st.badge(word, icon=icon, color=colour)


def tag_of(evaluator: Evaluator) -> str:
    return str(evaluator.__struct_config__.tag)


def kind_of(evaluator: Evaluator) -> Kind:
    return KINDS[tag_of(evaluator)]


def titles(evaluators: Sequence[Evaluator]) -> dict[str, str]:
    """By revision, what each is called: its name, else what it looks at; no two the same."""
    names = told_apart([one.name or kind_of(one).title for one in evaluators])
    return dict(zip((one.hash() for one in evaluators), names, strict=True))


def does(evaluator: Evaluator) -> str:
    """What it asks for, in a few words."""
    match evaluator:
        case Exact(ignore_case=ignore_case):
            return "is what is expected" + (", whatever the case" if ignore_case else "")
        case Contains(how=how, texts=texts):
            return f"contains {how} of {_listed(texts) if texts else 'the expected lines'}"
        case Matches(pattern=pattern):
            return f"matches {pattern or 'the expected pattern'}"
        case JsonEquals(ignore_other_fields=loose):
            return "is the expected JSON value" + (", other fields allowed" if loose else "")
        case JsonSchema(schema=schema):
            return f"fits {'the schema' if schema else 'the expected schema'}"
        case Numeric(tolerance=tolerance, relative=relative, which=which):
            return f"{which} number within {f'{tolerance:.3g} of its size' if relative else f'{tolerance:g}'}"
        case Similar(at_least=at_least):
            return f"at least {at_least:.0%} alike"
        case Length(unit=unit, at_least=least, at_most=most):
            return f"{least or 0} to {'any number of' if most is None else most} {unit}"
        case _:
            return _more(evaluator)


def _more(evaluator: Latency | Tokens | Cost | ToolUse | Judge | HumanVote) -> str:
    match evaluator:
        case Latency(at_most_s=most, until=until):
            return f"at most {most:g} s to the {'first token' if until == 'first_token' else 'end'}"
        case Tokens(at_most=most, of=of):
            return f"at most {most:,} tokens{'' if of == 'total' else f' of the {of}'}"
        case Cost(at_most_usd=most):
            return f"at most ${most:g}"
        case ToolUse(how=how, tools=tools, times=times):
            return f"{', '.join(tools)} {TOOL_USE[how]}{f' {times} times' if how == 'at_most' else ''}"
        case Judge(model=model, pass_at=pass_at):
            return f"{model or 'the default model'} gives at least {pass_at:g}"
        case HumanVote(question=question):
            return question
        case _:
            assert_never(evaluator)


def progress_words(progress: Progress) -> str:
    """How far it is, in a sentence."""
    parts = [f"{progress.ended:,} of {progress.cells:,} runs done"]
    if progress.waiting:
        parts.append(f"{progress.waiting:,} wait for a person")
    if progress.unjudged:
        parts.append(f"{progress.unjudged:,} being judged")
    return " · ".join(parts)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f"“{text}”" for text in texts[:3]) + (" …" if len(texts) > 3 else "")
