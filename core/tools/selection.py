"""JMESPath on a budget: an expression can double its data at every step."""

from collections.abc import Iterable
from typing import Any

from jmespath import Options, exceptions, functions, parser
from jmespath.visitor import TreeInterpreter

from core.domain.canonical import Json
from core.tools.executor import CannotDoError

MAX_DATA_CHARS = 2_000_000
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


def selected(expression: str, value: Json) -> Json:
    """What an expression finds in a value. Raises `CannotDoError`, saying why, when it does not work on it."""
    try:
        return _Frugal(_BUDGET).visit(_parsed(expression), value)
    except exceptions.JMESPathError as error:
        raise CannotDoError(f"The expression does not work: {str(error).splitlines()[0]}") from None
    except (RecursionError, TypeError, ArithmeticError) as error:
        # The library's functions let the errors of Python's own operations through.
        raise CannotDoError(f"The expression does not work on this data: {error}") from None


def expression_fault(expression: str) -> str:
    """Why this is no expression; empty when it is one."""
    try:
        _parsed(expression)
    except exceptions.JMESPathError as error:
        return str(error).splitlines()[0]
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _parsed(expression: str) -> Any:
    return parser.Parser().parse(expression).parsed


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
        if len(separator) * len(array) > MAX_DATA_CHARS:
            raise CannotDoError(f"The joined text is longer than {MAX_DATA_CHARS:,} characters.")
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
