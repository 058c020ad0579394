"""From a typed Python function to what a model is told about it, and from checked arguments to its call."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from core.domain.canonical import Json


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes: `parameters` for the model, `bind` for the call."""

    name: str
    description: str
    parameters: dict[str, Json]
    _type: type[msgspec.Struct]

    def bind(self, arguments: dict[str, Json]) -> dict[str, Any]:
        """Arguments that fit `parameters`, as keywords of the function's own types, defaults filled in."""
        bound = msgspec.convert(arguments, self._type, strict=False)
        return {name: getattr(bound, name) for name in self._type.__struct_fields__}


def signature_of(function: Callable[..., object], hidden: frozenset[str] = frozenset()) -> Signature:
    """Read a function's type hints and docstring. A text in `Annotated` describes its field.

    Parameters named in `hidden` are the caller's business and not the model's.
    """
    hints = get_type_hints(function, include_extras=True)
    given = inspect.signature(function).parameters.values()
    fields = [_field(parameter, hints[parameter.name]) for parameter in given if parameter.name not in hidden]
    arguments = msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)
    return Signature(function.__name__, inspect.getdoc(function) or "", _object_schema(arguments), arguments)


def _field(parameter: inspect.Parameter, hint: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    if parameter.default is parameter.empty:
        return parameter.name, _described(hint)
    return parameter.name, _described(hint), parameter.default


def _described(hint: Any) -> Any:
    if get_origin(hint) is not Annotated:
        return hint
    base, *notes = get_args(hint)
    return Annotated[(base, *[msgspec.Meta(description=note) if isinstance(note, str) else note for note in notes])]


def _object_schema(arguments: type[msgspec.Struct]) -> dict[str, Json]:
    (_,), parts = msgspec.json.schema_components([arguments], ref_template="#/$defs/{name}")
    schema = parts.pop(arguments.__name__)
    schema.pop("title")
    return {**schema, "$defs": parts} if parts else schema
