"""JSON in an answer: read strictly, compared by value."""

import re

from core.domain import strict_json
from core.domain.canonical import Json

_FENCE = re.compile(r"\A```[\w-]*\s*\n(?P<inside>.*)\n```\Z", re.DOTALL)


def read_answer(text: str) -> Json:
    """The value of an answer that is JSON, in a code fence or bare. Raises `strict_json.NotJsonError`."""
    stripped = text.strip()
    fenced = _FENCE.match(stripped)
    return strict_json.read(fenced["inside"] if fenced else stripped)


def same_value(left: Json, right: Json, *, ignore_other_fields: bool = False) -> bool:
    """Equal as JSON: 1 and 1.0 are one number, true is none. With `ignore_other_fields`, `left` may have more fields."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        is_known = right.keys() <= left.keys() if ignore_other_fields else right.keys() == left.keys()
        return is_known and all(
            same_value(left[key], value, ignore_other_fields=ignore_other_fields) for key, value in right.items()
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            same_value(one, other, ignore_other_fields=ignore_other_fields)
            for one, other in zip(left, right, strict=True)
        )
    return bool(left == right)
