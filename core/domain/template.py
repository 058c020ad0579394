r"""Prompts with variables: `{{name}}` is replaced, every other brace is left alone.

`\{{name}}` stands for the text `{{name}}`; `\\{{name}}` for one backslash and the value. A value is put
in as it is: braces in it are never looked at again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal, assert_never

import msgspec

from core.domain.agent import Variable

VARIABLE_NAME = r"[^\W\d]\w{0,63}"
_PLACE = re.compile(r"(?P<escape>\\{1,2})?(?P<written>\{\{[ \t]*(?P<name>" + VARIABLE_NAME + r")[ \t]*\}\})")
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})

Origin = Literal["instructions", "variable", "missing"]


class Span(msgspec.Struct, frozen=True):
    """Who wrote the characters `start` to `end` (exclusive) of a rendered text."""

    start: int
    end: int
    origin: Origin
    name: str = ""


class BadValue(msgspec.Struct, frozen=True):
    """A value that does not fit its variable; `message` is a sentence."""

    name: str
    message: str


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt as the model will see it. Only one that `is_complete` may be sent."""

    text: str
    spans: tuple[Span, ...] = ()
    """Cover the text without a gap, in order."""
    missing: tuple[str, ...] = ()
    """Variables without a value, a default or a definition; they still stand in the text as `{{name}}`."""
    bad: tuple[BadValue, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.missing and not self.bad


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables that a text uses, each once, in the order of their first use."""
    return tuple(dict.fromkeys(place["name"] for place in _PLACE.finditer(text) if place["escape"] != "\\"))


def undefined_in(text: str, variables: Iterable[Variable]) -> tuple[str, ...]:
    """The names that a text uses and nobody defined."""
    defined = {variable.name for variable in variables}
    return tuple(name for name in variables_in(text) if name not in defined)


def render(text: str, variables: Iterable[Variable], values: Mapping[str, str]) -> Rendered:
    """Put the values into a text. What is not given takes the variable's default."""
    defined = {variable.name: variable for variable in variables}
    filled = {name: _fill(name, defined.get(name), values) for name in variables_in(text)}
    pieces = [piece for piece in _pieces(text, filled) if piece[0]]
    return Rendered(
        text="".join(piece[0] for piece in pieces),
        spans=tuple(_spans(pieces)),
        missing=tuple(name for name, value in filled.items() if value is None),
        bad=tuple(value for value in filled.values() if isinstance(value, BadValue)),
    )


def check_value(variable: Variable, value: str) -> str | BadValue:
    """The text that a value is rendered as, or why it does not fit the variable."""
    match variable.type:
        case "text" | "long_text":
            return value
        case "number":
            return value.strip() if _is_number(value) else _bad(variable, f"{value!r} is not a number")
        case "choice":
            return value if value in variable.choices else _bad(variable, _not_a_choice(variable, value))
        case "yes_no":
            return _yes_no(variable, value)
        case "date":
            return value.strip() if _is_date(value) else _bad(variable, f"{value!r} is not a date like 2026-03-14")
        case _:
            assert_never(variable.type)


Piece = tuple[str, Origin, str]


def _pieces(text: str, filled: Mapping[str, str | BadValue | None]) -> Iterator[Piece]:
    """The text cut at its variables: what will stand there, who wrote it, the variable's name."""
    end = 0
    for place in _PLACE.finditer(text):
        yield text[end : place.start()], "instructions", ""
        yield from _place(place, filled)
        end = place.end()
    yield text[end:], "instructions", ""


def _place(place: re.Match[str], filled: Mapping[str, str | BadValue | None]) -> Iterator[Piece]:
    if place["escape"] == "\\":
        yield place["written"], "instructions", ""
        return
    if place["escape"]:
        yield "\\", "instructions", ""
    value = filled[place["name"]]
    if isinstance(value, str):
        yield value, "variable", place["name"]
    else:
        yield place["written"], "missing", place["name"]


def _spans(pieces: list[Piece]) -> Iterator[Span]:
    """Neighbouring pieces of the prompt itself become one span."""
    start = end = 0
    for index, (text, origin, name) in enumerate(pieces):
        end += len(text)
        following = pieces[index + 1][1] if index + 1 < len(pieces) else None
        if origin == following == "instructions":
            continue
        yield Span(start, end, origin, name)
        start = end


def _fill(name: str, variable: Variable | None, values: Mapping[str, str]) -> str | BadValue | None:
    """What stands for a variable; None: nobody said. An empty text counts as said where any text will do."""
    if variable is None:
        return values.get(name)
    given = values.get(name)
    if given is None or (not given and variable.type not in {"text", "long_text"}):
        given = variable.default or None
    return None if given is None else check_value(variable, given)


def _bad(variable: Variable, reason: str) -> BadValue:
    return BadValue(variable.name, f"{variable.name}: {reason}.")


def _not_a_choice(variable: Variable, value: str) -> str:
    return f"{value!r} is not one of {', '.join(variable.choices) or 'its choices (there are none)'}"


def _yes_no(variable: Variable, value: str) -> str | BadValue:
    said = value.strip().lower()
    if said in _YES:
        return "yes"
    return "no" if said in _NO else _bad(variable, f"{value!r} is neither yes nor no")


def _is_number(value: str) -> bool:
    try:
        return Decimal(value.strip()).is_finite()
    except InvalidOperation:
        return False


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value.strip())
    except ValueError:
        return False
    return True
