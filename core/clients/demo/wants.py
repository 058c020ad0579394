"""What a message asks for, found by patterns: each want is one call of one tool."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from core.clients.demo.vocabulary import NUMBER_OF, UNIT, UNIT_OF, ZONE_OF
from core.domain.canonical import Json

NOTEBOOK: Final = "notes"
_PLACE_CHARS: Final = 40
_QUESTION_CHARS: Final = 1_000
"""Where a question is looked for; a long text after it is not searched for sums."""


class Want(NamedTuple):
    tool: str
    arguments: dict[str, Json]
    place: int = 0
    """Where in the message it is asked for."""
    goes_on: bool = False
    """Whether the result is only needed for a second call."""


Finder = Callable[[str], Iterator[tuple[re.Match[str], Want]]]

_NUMBER: Final = r"\d+(?:,\d{3})*(?:\.\d+)?"
_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_COUNT: Final = rf"(?:\d+|{'|'.join(NUMBER_OF)})"

_NOTE: Final = re.compile(
    r"\A\s*(?:please\s+)?(?:remember|note|write\s+down|(?:make|take)\s+a\s+note(?:\s+of)?)\b"
    r"(?:\s+(?:that|this|down))?\s*[:,-]?\s*(?P<text>\S.*[^?\s])\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_NOTES: Final = re.compile(
    r"what (?:have|had|did) (?:i|we) (?:noted?|write|written|remember|ask you to remember|told you)"
    r"|(?:show|read|list)(?: me)?(?: all)? (?:my|the) notes|what(?:'s| is| stands) in (?:my|the) (?:notes|notebook)",
    re.IGNORECASE,
)
_STATISTICS: Final = re.compile(
    r"\b(?:how many|count|number of)\b[^:\"“\n]{0,60}?\b(?:words|characters|letters|sentences|lines|paragraphs)\b"
    r"[^:\"“]{0,80}(?::\s*(?P<rest>\S.*)|[\"“](?P<quoted>[^\"”]+)[\"”])",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN: Final = re.compile(
    rf"\b(?:between|from)\s+(?P<start>{_DATE})\s+(?:and|to|until)\s+(?P<end>{_DATE})", re.IGNORECASE
)
_UNTIL: Final = re.compile(rf"\b(?:until|till|to)\s+(?P<end>{_DATE}|the end of the year|new year)", re.IGNORECASE)
_SHIFT: Final = re.compile(
    rf"\b(?:(?P<count>{_COUNT})\s+(?P<unit>day|week|month|year)s?\s+(?P<way>from now|from today|ago|hence|later)"
    rf"|in\s+(?P<count2>{_COUNT})\s+(?P<unit2>day|week|month|year)s?)\b",
    re.IGNORECASE,
)
_ASKS_DATE: Final = re.compile(r"\b(?:date|day|weekday|when|how (?:many|long))\b", re.IGNORECASE)
_DICE: Final = re.compile(r"\b\d{0,3}d(?:\d{1,4}|%)(?:\s*[+-]\s*\d+)?\b", re.IGNORECASE)
_SOME_DICE: Final = re.compile(rf"\b(?:roll|throw)\s+(?:(?P<count>{_COUNT})\s+)?(?:die|dice)\b", re.IGNORECASE)
_RANDOM: Final = re.compile(
    rf"\brandom\b[^.?!\n]*?\b(?:between|from)\s+(?P<low>-?{_NUMBER})\s+(?:and|to)\s+(?P<high>-?{_NUMBER})",
    re.IGNORECASE,
)
_CONVERT: Final = re.compile(
    rf"(?P<value>-?{_NUMBER})\s*(?P<source>{UNIT})\s+(?:in|to|into|as)\s+(?P<target>{UNIT})(?![\w/^])", re.IGNORECASE
)
_HOW_MANY: Final = re.compile(
    rf"\bhow (?:many|much)\s+(?P<target>{UNIT})\s+(?:are|is|make|in)\s+(?:there in\s+)?(?P<value>-?{_NUMBER})\s*"
    rf"(?P<source>{UNIT})(?![\w/^])",
    re.IGNORECASE,
)
_PERCENT: Final = re.compile(rf"{_NUMBER}\s*(?:%|per\s?cent)\s+of\s+{_NUMBER}", re.IGNORECASE)
_ROOT: Final = re.compile(rf"\b(?:square root of|sqrt)\s*\(?\s*(?P<of>{_NUMBER})\s*\)?", re.IGNORECASE)
_OPERATOR: Final = r"(?:\*\*|//|[-+*/^×÷·−]|(?<=[\d)\s])x(?=[\d(\s]))"
_SUM: Final = re.compile(rf"(?<![\w.-])(?!{_DATE})[-(]*{_NUMBER}%?\)*(?:\s*{_OPERATOR}\s*[-(]*{_NUMBER}%?\)*)+(?![\w])")
_MAYBE_NO_SUM: Final = re.compile(r"\d+(?:-\d+)+|24/7")
_ASKS_SUM: Final = re.compile(r"\b(?:what(?:'s| is)|calculate|compute|how much)\b|\A[^A-Za-z]*\Z", re.IGNORECASE)
_SPOKEN: Final = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/", "over": "/"}
_SPOKEN_OPERATOR: Final = re.compile(rf"(?<=[\d)])\s+({'|'.join(_SPOKEN)})\s+(?=[\d(])", re.IGNORECASE)
_TIME_IN: Final = re.compile(
    r"\b(?:time|day|date|o'clock)\b[^.?!\n]*?\b(?:in|at)\s+(?P<places>[A-Za-z][\w /'-]*(?:,\s*[A-Za-z][\w /'-]*)*)",
    re.IGNORECASE,
)
_TIME: Final = re.compile(
    r"\b(?:what|which|tell me|current|today's)\b[^.?!\n]*?\b(?:time|date|day)\b"
    r"(?:\s+(?:is it|it is|is|now|today))*(?=\s*(?:[?.!,]|\Z|and\b))",
    re.IGNORECASE,
)
_NO_PLACE: Final = re.compile(r"\b(?:what|how|roll|convert|tell|which|is|are|the|\d+)\b", re.IGNORECASE)


def wants_of(text: str) -> list[Want]:
    """Everything that a message asks for and a tool can do, in the order of asking."""
    found = [want for finder in _WHOLE_TEXT_FINDERS for _, want in finder(text)]
    if found:
        return found[:1]
    rest = _SPOKEN_OPERATOR.sub(lambda spoken: f" {_SPOKEN[spoken[1].lower()]} ", text[:_QUESTION_CHARS])
    for finder in _FINDERS:
        hits = list(finder(rest))
        found += [want for _, want in hits]
        for match, _ in hits:  # what one finder understood is hidden from those after it
            rest = rest[: match.start()] + "\x00" * (match.end() - match.start()) + rest[match.end() :]
    return sorted(found, key=lambda want: want.place)


def shift_of(text: str, today: str) -> Want | None:
    """The second half of a question about a date that depends on today's."""
    if match := _SHIFT.search(text):
        count = _count(match["count"] or match["count2"])
        unit = f"{(match['unit'] or match['unit2']).lower()}s"
        is_past = (match["way"] or "").lower() == "ago"
        return Want("date_add", {"date": today, unit: -count if is_past else count})
    if match := _UNTIL.search(text):
        end = match["end"] if match["end"][0].isdigit() else f"{today[:4]}-12-31"
        return Want("date_difference", {"start": today, "end": end})
    return None


def _notes(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    if match := _NOTE.match(text):
        yield match, Want("notebook_write", {"notebook": NOTEBOOK, "text": match["text"]})
    elif match := _NOTES.search(text):
        yield match, Want("notebook_read", {"notebook": NOTEBOOK}, match.start())


def _statistics(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    if match := _STATISTICS.search(text):
        measured = match["quoted"] or match["rest"].strip().removesuffix("?")
        yield match, Want("text_statistics", {"text": measured}, match.start())


def _dates(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    if span := _BETWEEN.search(text):
        yield span, Want("date_difference", {"start": span["start"], "end": span["end"]}, span.start())
    elif (match := _SHIFT.search(text) or _UNTIL.search(text)) and _ASKS_DATE.search(text):
        yield match, Want("current_time", {"zone": "UTC"}, match.start(), goes_on=True)


def _dice(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    for match in _DICE.finditer(text):
        yield match, Want("roll_dice", {"notation": "".join(match[0].split())}, match.start())
    for match in _SOME_DICE.finditer(text):
        yield match, Want("roll_dice", {"notation": f"{_count(match['count'] or 'a')}d6"}, match.start())


def _random(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    for match in _RANDOM.finditer(text):
        low, high = int(_number(match["low"])), int(_number(match["high"]))
        yield match, Want("random_number", {"low": low, "high": high}, match.start())


def _units(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    for pattern in (_CONVERT, _HOW_MANY):
        for match in pattern.finditer(text):
            source, target = UNIT_OF[match["source"].lower()], UNIT_OF[match["target"].lower()]
            arguments = {"value": _number(match["value"]), "from_unit": source, "to_unit": target}
            yield match, Want("convert_units", arguments, match.start())


def _sums(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    for match in _PERCENT.finditer(text):
        yield match, Want("calculator", {"expression": re.sub(r"\s*per\s?cent", "%", match[0])}, match.start())
    for match in _ROOT.finditer(text):
        yield match, Want("calculator", {"expression": f"sqrt({match['of']})"}, match.start())
    taken = {place for found in _PERCENT.finditer(text) for place in range(*found.span())}
    for match in _SUM.finditer(text):
        if match.start() not in taken and _is_sum(match[0], text):
            yield match, Want("calculator", {"expression": match[0].replace("x", "*")}, match.start())


def _is_sum(found: str, text: str) -> bool:
    """Whether it is meant as arithmetic: 555-1234 may be a telephone."""
    if found.count("(") != found.count(")"):
        return False
    return not _MAYBE_NO_SUM.fullmatch(found) or _ASKS_SUM.search(text) is not None


def _times(text: str) -> Iterator[tuple[re.Match[str], Want]]:
    found = _TIME_IN.search(text)
    if found and (places := _places(found["places"])):
        for offset, place in enumerate(places):
            yield found, Want("current_time", {"zone": ZONE_OF.get(place.lower(), place)}, found.start() + offset)
    elif match := _TIME.search(text):
        yield match, Want("current_time", {"zone": "UTC"}, match.start())


_WHOLE_TEXT_FINDERS: Final[tuple[Finder, ...]] = (_notes, _statistics)
_FINDERS: Final[tuple[Finder, ...]] = (_dates, _dice, _random, _units, _sums, _times)


def _places(listed: str) -> list[str]:
    parts = [part.strip() for part in re.split(r",|\band\b(?:\s+in\b)?", listed)]
    return [part for part in parts if part and len(part) <= _PLACE_CHARS and not _NO_PLACE.search(part)]


def _number(text: str) -> int | float:
    value: int | float = json.loads(text.replace(",", ""))
    return value


def _count(text: str) -> int:
    return NUMBER_OF.get(text.lower()) or int(text)
