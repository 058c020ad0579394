"""Questions to JSON data in JMESPath, on a budget: an expression can double its data at every step."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from jmespath import Options, exceptions, functions, parser
from jmespath.visitor import TreeInterpreter

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.tools.executor import CannotDoError

_MAX_DATA_CHARS = 2_000_000
_BUDGET = 5_000_000
"""Values that an expression may build on its way, counted as if none were shared: a second or two of work."""
_CHARS_A_VALUE = 16
_BUILDING = {
    "multi_select_list",
    "multi_select_dict",
    "flatten",
    "projection",
    "value_projection",
    "filter_projection",
    "function_expression",
}


def query_json(
    data: Annotated[str | dict[str, Any] | list[Any], "The JSON data, or its text."],
    expression: Annotated[str, msgspec.Meta(max_length=2_000), "JMESPath, such as items[?price > `10`].name | [0]."],
) -> ToolResult:
    """Pick, filter and reshape parts of JSON data with a JMESPath expression."""
    value = _value(data)
    try:
        parsed = parser.Parser().parse(expression).parsed
        found = _Frugal(_BUDGET).visit(parsed, value)
    except exceptions.JMESPathError as error:
        raise CannotDoError(f"The expression does not work: {str(error).splitlines()[0]}") from None
    except (RecursionError, TypeError, ArithmeticError) as error:
        # The library's functions let the errors of Python's own operations through.
        raise CannotDoError(f"The expression does not work on this data: {error}") from None
    text = msgspec.json.format(msgspec.json.encode(found), indent=1 if isinstance(found, dict | list) else 0).decode()
    return ToolResult(text, data=found)


def _value(data: Json) -> Json:
    if not isinstance(data, str):
        return data
    if len(data) > _MAX_DATA_CHARS:
        raise CannotDoError(f"The data is longer than {_MAX_DATA_CHARS:,} characters.")
    try:
        return strict_json.read(data)
    except strict_json.NotJsonError as error:
        raise CannotDoError(f"The data is not valid JSON: {error}.") from None


class _Frugal(TreeInterpreter):  # type: ignore[misc]
    """The library's interpreter, stopped when what it builds grows out of hand."""

    def __init__(self, budget: int) -> None:
        super().__init__(Options(custom_functions=_Functions()))
        self._left = budget

    def visit(self, node: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        value = super().visit(node, *args, **kwargs)
        self._left -= _weight(value, self._left) if node["type"] in _BUILDING else 1
        if self._left < 0:
            raise CannotDoError("The expression builds too much data on its way. Ask for less.")
        return value


class _Functions(functions.Functions):  # type: ignore[misc]
    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})  # type: ignore[untyped-decorator]
    def _func_join(self, separator: str, array: list[str]) -> str:
        if len(separator) * len(array) > _MAX_DATA_CHARS:
            raise CannotDoError(f"The joined text is longer than {_MAX_DATA_CHARS:,} characters.")
        return separator.join(array)


def _weight(value: Json, limit: int) -> int:
    """How many values stand in one, shared parts counted each time; stops counting above `limit`."""
    total = 0
    waiting: list[Iterable[Json]] = [(value,)]
    while waiting and total <= limit:
        for item in waiting.pop():
            total += 1
            match item:
                case str():
                    total += len(item) // _CHARS_A_VALUE
                case list():
                    waiting.append(item)
                case dict():
                    waiting.append(item.values())
    return total
