"""Does a value from a file fit a type? Says in words where it does not; nothing is coerced or ignored."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from core.domain.canonical import Json

Path = tuple[str, ...]
_NAMES: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "nothing",
    inspect.VarTupleType: "a list",
    inspect.DictType: "a mapping",
    inspect.StructType: "a mapping",
}
_PYTHON: dict[type[inspect.Type], tuple[type, ...]] = {
    inspect.StrType: (str,),
    inspect.IntType: (int,),
    inspect.FloatType: (float, int),
    inspect.BoolType: (bool,),
    inspect.NoneType: (type(None),),
}


def faults(value: Json, into: type[Any]) -> Iterator[str]:
    """Sentences about what does not fit, in the order of the file; none: `msgspec.convert` will succeed."""
    return _faults(value, inspect.type_info(into), ())


def _faults(value: Json, kind: inspect.Type, path: Path) -> Iterator[str]:
    match kind:
        case inspect.AnyType():
            return
        case inspect.UnionType(types=types):
            yield from _union(value, types, path)
        case inspect.LiteralType(values=allowed):
            if value not in allowed:
                yield _said(path, f"{value!r} is none of {', '.join(map(str, allowed))}")
        case inspect.StructType(fields=fields) if isinstance(value, dict):
            yield from _struct(value, fields, path)
        case inspect.VarTupleType(item_type=item) if isinstance(value, list):
            for place, one in enumerate(value, start=1):
                yield from _faults(one, item, (*path, f"item {place}"))
        case inspect.DictType(value_type=item) if isinstance(value, dict):
            for key, one in value.items():
                yield from _faults(one, item, (*path, key))
        case _ if not _is_a(value, kind):
            yield _said(path, f"expected {_name(kind)}, found {_found(value)}{_hint(value, kind)}")


def _union(value: Json, kinds: tuple[inspect.Type, ...], path: Path) -> Iterator[str]:
    """A union in a file is one type or nothing."""
    given = [kind for kind in kinds if not isinstance(kind, inspect.NoneType)]
    if value is None and len(given) < len(kinds):
        return
    for kind in given[:1]:
        yield from _faults(value, kind, path)


def _struct(value: Mapping[str, Json], fields: tuple[inspect.Field, ...], path: Path) -> Iterator[str]:
    known = {field.encode_name: field for field in fields}
    for key, one in value.items():
        if key in known:
            yield from _faults(one, known[key].type, (*path, key))
        else:
            yield _said(path, f"{key!r} is not known here{_suggestion(key, known)}")
    for name, field in known.items():
        if field.required and name not in value:
            yield _said(path, f"{name!r} is missing")


def _is_a(value: Json, kind: inspect.Type) -> bool:
    if isinstance(value, bool):
        return isinstance(kind, inspect.BoolType)
    return isinstance(value, _PYTHON.get(type(kind), ()))


def _name(kind: inspect.Type) -> str:
    return _NAMES.get(type(kind), "something else")


def _found(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _hint(value: Json, kind: inspect.Type) -> str:
    is_bare = isinstance(kind, inspect.StrType) and isinstance(value, bool | int | float)
    return "; put quotes around it" if is_bare else ""


def _suggestion(key: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(key, known, n=1)
    return f"; perhaps {close[0]!r} is meant" if close else f" (known: {', '.join(known)})"


def _said(path: Path, fault: str) -> str:
    return f"{', '.join(path)}: {fault}." if path else f"{fault[0].upper()}{fault[1:]}."
