"""Chance, from the machine's own source of it."""

import re
import secrets
from dataclasses import dataclass
from typing import Annotated

import msgspec

from core.domain.tool import ToolResult
from core.tools.executor import CannotDoError

_dice = secrets.SystemRandom()
_TERM = re.compile(
    r"(?P<sign>[+-])(?:(?P<count>\d{0,4})d(?P<sides>[1-9]\d{0,6}|%)(?:(?P<rule>kh|kl|dh|dl)(?P<some>\d{1,4}))?|(?P<plus>\d{1,9}))"
)
_MAX_DICE = 1_000
_Bound = Annotated[int, msgspec.Meta(ge=-(10**18), le=10**18)]


def random_number(
    low: Annotated[_Bound, "Smallest number that may come."],
    high: Annotated[_Bound, "Largest number that may come."],
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000), "How many to draw."] = 1,
) -> ToolResult:
    """Draw whole random numbers, each between low and high, both included."""
    if low > high:
        raise CannotDoError(f"low ({low}) is greater than high ({high}).")
    drawn = [_dice.randint(low, high) for _ in range(count)]
    return ToolResult(", ".join(map(str, drawn)), data=drawn)


def roll_dice(
    notation: Annotated[str, "Dice as in 2d6+3, d20, d%, or 4d6kh3 to keep the 3 highest (kl, dh, dl likewise)."],
) -> ToolResult:
    """Roll dice and add them up."""
    terms = _terms(notation)
    values = [term.value() for term in terms]
    shown = " ".join(term.shown() for term in terms).removeprefix("+ ")
    return ToolResult(f"{sum(values)} = {shown}", data={"total": sum(values), "dice": [term.dice for term in terms]})


@dataclass(frozen=True, slots=True)
class _Term:
    """One part of a notation, rolled: the dice that count, those put aside, and a number added."""

    sign: str
    name: str
    dice: list[int]
    aside: list[int]
    plus: int = 0

    def value(self) -> int:
        return (sum(self.dice) + self.plus) * (-1 if self.sign == "-" else 1)

    def shown(self) -> str:
        if not self.name:
            return f"{self.sign} {self.plus}"
        aside = f", without {', '.join(map(str, self.aside))}" if self.aside else ""
        return f"{self.sign} {self.name} [{', '.join(map(str, self.dice))}{aside}]"


def _terms(notation: str) -> list[_Term]:
    text = re.sub(r"\s+", "", notation.lower())
    text = text if text.startswith(("+", "-")) else f"+{text}"
    found = list(_TERM.finditer(text))
    if "".join(term[0] for term in found) != text:
        raise CannotDoError(f"Cannot read {notation[:40]!r} as dice. Write it as 2d6+3, d20 or 4d6kh3.")
    if sum(int(term["count"] or 1) for term in found if term["sides"]) > _MAX_DICE:
        raise CannotDoError(f"At most {_MAX_DICE:,} dice can be rolled at once.")
    return [_rolled(term) for term in found]


def _rolled(term: re.Match[str]) -> _Term:
    if term["plus"]:
        return _Term(term["sign"], "", [], [], int(term["plus"]))
    sides = 100 if term["sides"] == "%" else int(term["sides"])
    dice = [_dice.randint(1, sides) for _ in range(int(term["count"] or 1))]
    kept = _kept(dice, term["rule"], int(term["some"] or 0))
    aside = list(dice)
    for die in kept:
        aside.remove(die)
    return _Term(term["sign"], term[0][1:], kept, aside)


def _kept(dice: list[int], rule: str | None, some: int) -> list[int]:
    ordered = sorted(dice)
    match rule:
        case "kh":
            return ordered[max(0, len(dice) - some) :]
        case "kl":
            return ordered[:some]
        case "dh":
            return ordered[: max(0, len(dice) - some)]
        case "dl":
            return ordered[some:]
        case _:
            return dice
