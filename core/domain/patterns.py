"""Patterns that a person typed, in time that grows with the text alone: there is no backtracking to run away with."""

from functools import lru_cache

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

PATTERN_LIMIT_CHARS = 2_000
_COMPILED_BYTES = 2_000_000
"""What a pattern may grow to: `(a{1000}){1000}` is short and asks for gigabytes."""


def pattern_fault(pattern: str) -> str:
    """Why this cannot be searched for; empty when it can."""
    if len(pattern) > PATTERN_LIMIT_CHARS:
        return f"The pattern is longer than {PATTERN_LIMIT_CHARS:,} characters."
    try:
        _searcher(pattern)
    except (ValidationError, ValueError):
        return "This is no pattern that can be searched for. Look-around and back-references are not known here."
    return ""


def is_found(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether the pattern matches anywhere in the text. It must be one that `pattern_fault` lets pass."""
    return _searcher(f"(?i){pattern}" if ignore_case else pattern).is_valid(text)


@lru_cache(maxsize=256)
def _searcher(pattern: str) -> Draft202012Validator:
    options = RegexOptions(size_limit=_COMPILED_BYTES, dfa_size_limit=_COMPILED_BYTES)
    return Draft202012Validator({"pattern": pattern}, pattern_options=options)
