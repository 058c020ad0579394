"""A JSON Schema as a form: fields with a name, a type and a meaning, objects inside objects.

What the form cannot show is not shown in part: such a schema is edited as JSON.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from core.domain.canonical import Json

FieldType = Literal["string", "integer", "number", "boolean", "choice", "object"]
Path = tuple[int, ...]
"""A field's place: its number in the outermost object, then in the object that this one is, and so on."""
_PLAIN: dict[Json, FieldType] = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of an object. `is_list`: any number of values of the type."""

    name: str
    type: FieldType = "string"
    is_list: bool = False
    required: bool = True
    description: str = ""
    choices: tuple[str, ...] = ()
    inside: "Shape | None" = None
    """Of an object: its fields."""


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object's fields. `is_closed`: it has no others."""

    fields: tuple[Field, ...] = ()
    is_closed: bool = True


class _NotSimpleError(Exception):
    """The schema says something that the form has no place for."""


def schema_of(shape: Shape) -> dict[str, Json]:
    """The schema of an object with these fields."""
    schema: dict[str, Json] = {"type": "object", "properties": {one.name: _schema(one) for one in shape.fields}}
    if required := [one.name for one in shape.fields if one.required]:
        schema["required"] = required
    return schema | {"additionalProperties": False} if shape.is_closed else schema


def _schema(field: Field) -> dict[str, Json]:
    match field.type:
        case "choice":
            schema: dict[str, Json] = {"type": "string", "enum": list(field.choices)}
        case "object":
            schema = schema_of(field.inside or Shape())
        case plain:
            schema = {"type": plain}
    if field.is_list:
        schema = {"type": "array", "items": schema}
    return schema | {"description": field.description} if field.description else schema


def shape_of(schema: dict[str, Json]) -> Shape | None:
    """The form of a schema, from which `schema_of` makes an equal one; None: it says more than a form can show."""
    try:
        return _shape(schema)
    except _NotSimpleError:
        return None


def _shape(schema: Json) -> Shape:
    _only(schema, {"type", "properties", "required", "additionalProperties"})
    properties, required = schema.get("properties", {}), schema.get("required", [])
    is_closed = "additionalProperties" in schema
    if schema.get("type") != "object" or (is_closed and schema["additionalProperties"] is not False):
        raise _NotSimpleError
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise _NotSimpleError
    if any(name not in list(properties) for name in required):
        raise _NotSimpleError
    return Shape(tuple(_field(name, one, name in required) for name, one in properties.items()), is_closed)


def _field(name: str, schema: Json, required: bool) -> Field:
    if not isinstance(schema, dict) or not isinstance(schema.get("description", ""), str):
        raise _NotSimpleError
    described = schema.get("description", "")
    bare: Json = {key: value for key, value in schema.items() if key != "description"}
    if is_list := bare.get("type") == "array":
        _only(bare, {"type", "items"})
        bare = bare.get("items")
    return msgspec.structs.replace(_typed(name, bare), is_list=is_list, required=required, description=described)


def _typed(name: str, schema: Json) -> Field:
    if not isinstance(schema, dict):
        raise _NotSimpleError
    if schema.get("type") == "object":
        return Field(name, "object", inside=_shape(schema))
    _only(schema, {"type", "enum"})
    if "enum" in schema:
        return _choice(name, schema)
    if not isinstance(schema.get("type"), str) or schema["type"] not in _PLAIN:
        raise _NotSimpleError
    return Field(name, _PLAIN[schema["type"]])


def _choice(name: str, schema: dict[str, Json]) -> Field:
    choices = schema["enum"]
    if schema.get("type") != "string" or not isinstance(choices, list):
        raise _NotSimpleError
    if not all(isinstance(one, str) for one in choices):
        raise _NotSimpleError
    return Field(name, "choice", choices=tuple(choices))


def _only(schema: Json, known: set[str]) -> None:
    if not isinstance(schema, dict) or schema.keys() - known:
        raise _NotSimpleError


def name_fault(shape: Shape, path: Path, name: str) -> str:
    """Why the field at `path` cannot have this name; empty: it can."""
    if not name.strip():
        return "A field needs a name."
    beside = [one.name for place, one in enumerate(_around(shape, path).fields) if place != path[-1]]
    return f"Another field is named {name.strip()} already." if name.strip() in beside else ""


def changed(shape: Shape, path: Path, change: Callable[[Field], Field | None]) -> Shape:
    """The shape with the field at `path` changed, or without it where `change` gives None."""
    fields = list(shape.fields)
    place, below = path[0], path[1:]
    one = fields[place]
    new = msgspec.structs.replace(one, inside=changed(one.inside or Shape(), below, change)) if below else change(one)
    fields[place : place + 1] = [new] if new else []
    return msgspec.structs.replace(shape, fields=tuple(fields))


def added(shape: Shape, inside: Path = ()) -> Shape:
    """The shape with one more field at its end, or at the end of the object at `inside`."""
    if inside:
        return changed(shape, inside, lambda one: msgspec.structs.replace(one, inside=added(one.inside or Shape())))
    return msgspec.structs.replace(shape, fields=(*shape.fields, Field(_new_name(shape))))


def _new_name(shape: Shape) -> str:
    taken = {one.name for one in shape.fields}
    return next(name for number in range(1, len(taken) + 2) if (name := f"field_{number}") not in taken)


def _around(shape: Shape, path: Path) -> Shape:
    for place in path[:-1]:
        shape = shape.fields[place].inside or Shape()
    return shape
