"""From the text of a Python function to what a model is told of it. The text is read, never executed here."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from core.domain.canonical import Json

_PLAIN = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "None": "null",
}
_ANYTHING = {"Any", "object"}
_MAX_DEPTH = 20


class NotAToolError(Exception):
    """The text is no tool; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A function as a tool."""

    name: str
    description: str
    parameters: dict[str, Json]


def signature_of(code: str) -> Signature:
    """The one public function of a text. Raises `NotAToolError`."""
    function = _function(code)
    given = function.args
    if given.vararg or given.kwarg or given.posonlyargs:
        raise NotAToolError(f"{function.name} has inputs without names of their own: no *args, **kwargs or / here.")
    properties: dict[str, Any] = {}
    required: list[str] = []
    for argument, default in _arguments(given):
        properties[argument.arg] = _property(argument, default)
        if default is None:
            required.append(argument.arg)
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    described = (ast.get_docstring(function) or "").strip()
    if not described:
        raise NotAToolError(f"Say in a docstring what {function.name} does: the model chooses by it.")
    parameters = {**schema, **({"required": required} if required else {}), "additionalProperties": False}
    return Signature(function.name, described, parameters)


def _function(code: str) -> ast.FunctionDef:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise NotAToolError(f"This is not Python{where}: {said}.") from None
    functions = [part for part in tree.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")]
    if any(isinstance(part, ast.AsyncFunctionDef) for part in tree.body):
        raise NotAToolError("The function cannot be async: there is nothing to wait for in the sandbox.")
    if not functions:
        raise NotAToolError("Write a function with def: its name is the tool's.")
    if len(functions) > 1:
        names = ", ".join(part.name for part in functions)
        raise NotAToolError(f"One function is the tool; the names of the others begin with an underscore: {names}.")
    return functions[0]


def _arguments(given: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    missing: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults))
    yield from zip(given.args, [*missing, *given.defaults], strict=True)
    yield from zip(given.kwonlyargs, given.kw_defaults, strict=True)


def _property(argument: ast.arg, default: ast.expr | None) -> dict[str, Json]:
    if argument.annotation is None:
        raise NotAToolError(f"{argument.arg} has no type. Write for example {argument.arg}: str.")
    schema = _schema(_evaluated(argument.annotation), argument.arg)
    if default is None:
        return schema
    return {**schema, "default": _literal(default, f"The default of {argument.arg}")}


def _evaluated(annotation: ast.expr) -> ast.expr:
    """A type that is written as a text."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return annotation
    return annotation


def _schema(annotation: ast.expr, name: str, depth: int = 0) -> dict[str, Json]:
    if depth > _MAX_DEPTH:
        raise NotAToolError(f"The type of {name} is nested too deeply.")
    match annotation:
        case ast.Name(id=word) | ast.Attribute(attr=word) if word in _ANYTHING:
            return {}
        case ast.Name(id=word) if word in _PLAIN:
            return {"type": _PLAIN[word]}
        case ast.Constant(value=None):
            return {"type": "null"}
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either([_schema(left, name, depth + 1), _schema(right, name, depth + 1)])
        case ast.Subscript(value=ast.Name(id=word) | ast.Attribute(attr=word), slice=inner):
            return _generic(word, inner, name, depth + 1)
        case _:
            raise _unknown(annotation, name)


def _generic(word: str, inner: ast.expr, name: str, depth: int) -> dict[str, Json]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    match word, parts:
        case (("list" | "List" | "Sequence"), [item]):
            return {"type": "array", "items": _schema(item, name, depth)}
        case (("dict" | "Dict" | "Mapping"), [ast.Name(id="str"), item]):
            return {"type": "object", "additionalProperties": _schema(item, name, depth)}
        case "Optional", [item]:
            return _either([_schema(item, name, depth), {"type": "null"}])
        case "Union", _:
            return _either([_schema(part, name, depth) for part in parts])
        case "Literal", _:
            return {"enum": [_literal(part, f"A choice of {name}") for part in parts]}
        case "Annotated", [item, ast.Constant(value=str() as said), *_]:
            return {**_schema(item, name, depth), "description": said}
        case _:
            raise _unknown(inner, name)


def _either(schemas: list[dict[str, Json]]) -> dict[str, Json]:
    """Of plain types a list of them, of others a choice."""
    types = [schema["type"] for schema in schemas if schema.keys() == {"type"}]
    return {"type": types} if len(types) == len(schemas) else {"anyOf": list(schemas)}


def _literal(value: ast.expr, what: str) -> Json:
    try:
        return msgspec.json.decode(msgspec.json.encode(ast.literal_eval(value)))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise NotAToolError(f"{what} has to be a plain value, not {ast.unparse(value)[:60]}.") from None


def _unknown(annotation: ast.expr, name: str) -> NotAToolError:
    known = "str, int, float, bool, list[…], dict[str, …], Literal[…], … | None"
    return NotAToolError(f"The type of {name} is not known here: {ast.unparse(annotation)[:60]}. Known are {known}.")
