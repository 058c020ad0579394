"""JSON as the standard has it: what Python's reader also lets pass is refused, with a reason in words."""

import json
from typing import Any

from core.domain.canonical import Json

MAX_DEPTH = 64
"""Deeper nesting is refused: recursive readers further on would break on it."""


class NotJsonError(ValueError):
    """The text is not JSON; the message says why, for whoever wrote it."""


def read(text: str) -> Json:
    """The value that `text` holds. Integers keep every digit.

    Raises `NotJsonError` for anything that is not one whole JSON value, and for what JSON allows but no two
    readers agree on: repeated keys, half characters, numbers too large to hold.
    """
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJsonError(_where(error, text)) from None
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    _check(value, MAX_DEPTH)
    return value


def _where(error: json.JSONDecodeError, text: str) -> str:
    near = text[max(0, error.pos - 10) : error.pos + 10]
    return f"{error.msg[0].lower()}{error.msg[1:]} at character {error.pos + 1}, near {near!r}"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotJsonError(f"the key {twice!r} stands there twice")
    return value


def _constant(name: str) -> Any:
    raise NotJsonError(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise NotJsonError(f"the number {digits[:20]}… has too many digits") from None


def _fraction(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NotJsonError(f"the number {digits[:20]} is too large")
    return value


def _check(value: Json, depth: int) -> None:
    if depth == 0:
        raise NotJsonError("it is nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check(item, depth - 1)


def _check_text(text: str) -> None:
    # Half of a surrogate pair passes every reader and cannot be written as UTF-8 by any.
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise NotJsonError("a \\u escape stands for half a character")


_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer, parse_float=_fraction
)
