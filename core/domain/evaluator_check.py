"""What is wrong with an evaluator before it judges anything."""

from core.domain.evaluator import Evaluator, JsonSchema, Judge, Matches
from core.domain.patterns import pattern_fault
from core.domain.schema_check import schema_fault


def evaluator_fault(evaluator: Evaluator) -> str:
    """Why this evaluator could never say anything; empty: it can."""
    match evaluator:
        case Matches(pattern=pattern) if pattern:
            return pattern_fault(pattern)
        case JsonSchema(schema=schema) if schema:
            return schema_fault(schema)
        case Judge(rubric=rubric) if not rubric.strip():
            return "A judging model needs a rubric."
        case _:
            return ""
