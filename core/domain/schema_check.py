"""Values against a JSON Schema (2020-12), and what is wrong with them in words that a model can act on."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from jsonschema_rs import Draft202012Validator, FancyRegexOptions, ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from core.domain.canonical import Json

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_NAMES = _TYPES | {"string": "a string"}
_SHOWN_CHARS = 80
_LISTED = 20
_BACKTRACKS = 20_000
"""A tool's patterns come from outside: without a limit one of them could stop the process for ever. Counted
in steps, not in time, so that the same arguments are judged alike on every machine."""


def schema_fault(schema: dict[str, Json]) -> str:
    """Why this is not a schema that values can be checked against; empty when it is one."""
    try:
        _validator(msgspec.json.encode(schema))
    except ValidationError as error:
        place = _steps(error.instance_path).lstrip(".")
        return f"{place}: {error.message}" if place else error.message
    return ""


def complaints(
    schema: dict[str, Json], value: Json, hidden: Collection[str] = (), whole: str = "The arguments"
) -> Iterator[str]:
    """One sentence for each fault of `value`. Top-level fields in `hidden` are never named or shown.

    `schema` must be one that `schema_fault` lets pass; `whole` is what the value is called.
    """
    writer = _Writer(schema, hidden, whole)
    for error in _validator(msgspec.json.encode(schema)).iter_errors(value):
        if error.instance_path and error.instance_path[0] in hidden:
            yield "A value that a person fixed for this tool does not fit it; only a person can change that."
        else:
            yield writer.sentence(error)


def misfits(schema: dict[str, Json], value: Json) -> Iterator[str]:
    """One line for each fault of a model's answer, its place first: `answer.price: 12 is not a string`."""
    writer = _Writer(schema, (), root="answer")
    for error in _validator(msgspec.json.encode(schema)).iter_errors(value):
        yield writer.line(error)


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Draft202012Validator:
    # Offline: a `$ref` in somebody's schema must never make this machine fetch something.
    return Draft202012Validator(
        msgspec.json.decode(schema), offline=True, pattern_options=FancyRegexOptions(backtrack_limit=_BACKTRACKS)
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Words for the faults of a value; knows the schema, to say what would have been allowed."""

    schema: dict[str, Json]
    hidden: Collection[str]
    whole: str = "The arguments"
    """What the whole value is called at the head of a sentence."""
    root: str = ""
    """What it is called in front of a place; where it is set, faults are lines and not sentences."""

    def sentence(self, error: ValidationError) -> str:
        return f"{_place(error.instance_path, self.whole)} {self._demand(error)}."

    def line(self, error: ValidationError) -> str:
        where = f"{self.root}{_steps(error.instance_path)}"
        match error.kind:
            case Kind.Type(types):
                return (
                    f"{where}: {_found(error.instance)} is not {' or '.join(_NAMES.get(name, name) for name in types)}"
                )
            case Kind.Required(missing):
                return f"{where}: {missing} is missing"
            case _:
                return f"{where}: {self._demand(error)}"

    def _demand(self, error: ValidationError) -> str:
        match error.kind:
            case Kind.Required(missing):
                return f"must have `{missing}`"
            case Kind.AdditionalProperties(names) | Kind.UnevaluatedProperties(names):
                return f"cannot have {_listed(names)}; {self._known(error.schema_path[:-1])}"
            case Kind.AnyOf(branches) | Kind.OneOfNotValid(branches):
                return f"must fit one of several forms: {self._forms(branches).rstrip('.')}"
            case Kind.OneOfMultipleValid():
                return "must fit exactly one of several forms, and fits more"
            case kind:
                return f"must be {_demand(kind)}{_got(error)}"

    def _known(self, path: list[str | int]) -> str:
        """The field names that the part of the schema at `path` knows."""
        part: Json = self.schema
        for step in path:
            part = part.get(step, {}) if isinstance(part, dict) else {}
        names = [name for name in part.get("properties", {}) if path or name not in self.hidden]
        return f"known are {_listed(names)}" if names else "leave it out"

    def _forms(self, branches: list[list[ValidationError]]) -> str:
        say = self.line if self.root else self.sentence
        firsts = dict.fromkeys(say(branch[0]) for branch in branches if branch)
        return " Or: ".join(list(firsts)[:_LISTED])


def _demand(kind: Kind) -> str:
    match kind:
        case Kind.Type(types):
            return " or ".join(_TYPES.get(name, name) for name in types)
        case Kind.Enum(options):
            return f"one of {_shown_list(options)}"
        case Kind.Constant(value):
            return _shown(value)
        case Kind.FalseSchema():
            return "left out"
        case Kind.Format(name):
            return f"in the format {name}"
        case Kind.Pattern(pattern):
            return f"text that matches {pattern}"
        case _:
            return _bound(kind)


def _bound(kind: Kind) -> str:
    match kind:
        case Kind.Minimum(limit):
            return f"{limit} or more"
        case Kind.Maximum(limit):
            return f"{limit} or less"
        case Kind.ExclusiveMinimum(limit):
            return f"more than {limit}"
        case Kind.ExclusiveMaximum(limit):
            return f"less than {limit}"
        case Kind.MultipleOf(unit):
            return f"a multiple of {unit}"
        case Kind.MinLength(count):
            return f"{count} or more characters long"
        case Kind.MaxLength(count):
            return f"{count} or fewer characters long"
        case _:
            return _count(kind)


def _count(kind: Kind) -> str:
    match kind:
        case Kind.MinItems(count):
            return f"a list of {count} or more items"
        case Kind.MaxItems(count):
            return f"a list of {count} or fewer items"
        case Kind.MinProperties(count):
            return f"an object of {count} or more fields"
        case Kind.MaxProperties(count):
            return f"an object of {count} or fewer fields"
        case Kind.UniqueItems():
            return "a list without repetitions"
        case _:
            return f"such that it fits the schema's rule `{kind.name}`"


def _place(path: list[str | int], whole: str) -> str:
    return f"`{_steps(path).lstrip('.')}`" if path else whole


def _steps(path: list[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _found(value: Json) -> str:
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else _shown(value)


def _got(error: ValidationError) -> str:
    # A whole object would repeat everything, fixed values included.
    return "" if isinstance(error.instance, dict | list) else f", not {_shown(error.instance)}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name[:_SHOWN_CHARS]}`" for name in names[:_LISTED])


def _shown_list(values: list[Json]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return ", ".join(_shown(value) for value in values[:_LISTED]) + more


def _shown(value: Json) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
