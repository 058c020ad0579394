"""Texts and values in which {name} stands for an argument; {{name}} is the text {name} itself."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from core.domain.canonical import Json

NAME_PATTERN = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_PLACE = re.compile(rf"\{{\{{(?P<literal>{NAME_PATTERN})\}}\}}|\{{(?P<name>{NAME_PATTERN})\}}")
ABSENT: Final = msgspec.UNSET
"""What a template is filled with where one of its arguments is not given: it is left out."""


def names_in(template: Json) -> Iterator[str]:
    """The arguments that a template asks for, in their order."""
    match template:
        case str():
            yield from (match["name"] for match in _PLACE.finditer(template) if match["name"])
        case list():
            for item in template:
                yield from names_in(item)
        case dict():
            for item in template.values():
                yield from names_in(item)


def filled(template: Json, arguments: Mapping[str, Json]) -> Json:
    """A value with its arguments. A text that is nothing but {name} becomes the argument as it is, a number too."""
    match template:
        case str():
            whole = _PLACE.fullmatch(template)
            return arguments.get(whole["name"], ABSENT) if whole and whole["name"] else filled_text(template, arguments)
        case list():
            return [value for item in template if (value := filled(item, arguments)) is not ABSENT]
        case dict():
            pairs = ((key, filled(item, arguments)) for key, item in template.items())
            return {key: value for key, value in pairs if value is not ABSENT}
        case _:
            return template


def filled_text(template: str, arguments: Mapping[str, Json]) -> Json:
    """A text with its arguments in it; `ABSENT` where one is missing or null."""
    if any(arguments.get(name) is None for name in names_in(template)):
        return ABSENT
    return _PLACE.sub(
        lambda match: f"{{{match['literal']}}}" if match["literal"] else text(arguments[match["name"]]), template
    )


def text(value: Json) -> str:
    """A value outside JSON: text as it is, everything else as JSON writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
