"""The fields of a question's form, read off the schema that the protocol allows for it."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from core.domain.canonical import Json
from core.domain.question import Question

FieldKind = Literal["text", "date", "whole", "number", "yes_no", "choice", "choices", "json"]
_SAFE = 2**53 - 1
"""Whole numbers beyond this a browser cannot hold exactly."""
_PLAIN: dict[Json, FieldKind] = {"integer": "whole", "number": "number", "boolean": "yes_no"}


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `options`: pairs of a value and what it is called."""

    name: str
    label: str
    kind: FieldKind
    hint: str = ""
    example: str = ""
    default: Json = None
    is_required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    least: float | None = None
    most: float | None = None
    most_chars: int | None = None


_EXAMPLES = {"email": "name@example.org", "uri": "https://example.org", "date-time": "2026-01-31T12:00:00Z"}


def form_fields(question: Question) -> Iterator[FormField]:
    """What a person fills in, in the order in which it was asked. A field that is no plain one is asked for as JSON."""
    for name, schema in question.fields.items():
        yield _field(name, schema, is_required=name in question.required)


def _field(name: str, schema: dict[str, Json], *, is_required: bool) -> FormField:
    several = schema.get("type") == "array"
    options = tuple(_options(schema.get("items", {}) if several else schema))
    return FormField(
        name=name,
        label=_text(schema, "title") or name,
        kind=("choices" if several else "choice") if options else _kind(schema),
        hint=_text(schema, "description"),
        example=_EXAMPLES.get(_text(schema, "format"), ""),
        default=schema.get("default"),
        is_required=is_required,
        options=options,
        least=_number(schema.get("minimum")),
        most=_number(schema.get("maximum")),
        most_chars=_chars(schema.get("maxLength")),
    )


def _kind(schema: dict[str, Json]) -> FieldKind:
    kind = schema.get("type")
    if kind == "string":
        return "date" if schema.get("format") == "date" else "text"
    return _PLAIN.get(kind, "json") if isinstance(kind, str) else "json"


def _options(schema: Json) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    if isinstance(names := schema.get("enum"), list):
        titles = schema.get("enumNames")
        shown = titles if isinstance(titles, list) and len(titles) == len(names) else names
        yield from ((str(name), str(title)) for name, title in zip(names, shown, strict=True))
        return
    for one in schema.get("oneOf") or schema.get("anyOf") or ():
        if isinstance(one, dict) and isinstance(one.get("const"), str):
            yield one["const"], str(one.get("title") or one["const"])


def _text(schema: dict[str, Json], key: str) -> str:
    found = schema.get(key)
    return found if isinstance(found, str) else ""


def _number(found: Json) -> float | None:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_number and abs(found) <= _SAFE else None


def _chars(found: Json) -> int | None:
    return found if isinstance(found, int) and 0 < found < _SAFE else None
