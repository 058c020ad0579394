"""Expressions as people and models write them: 1,234 × 15% of (2^10 − 1), 5!, sqrt(2)."""

import inspect
import re
from dataclasses import dataclass
from fractions import Fraction

from core.tools.arithmetic import number as arithmetic
from core.tools.arithmetic.functions import CONSTANTS, Function, table
from core.tools.arithmetic.number import Number, literal
from core.tools.executor import CannotDoError

MAX_CHARS = 2_000
MAX_DEPTH = 60
_SPELLINGS = str.maketrans({"×": "*", "·": "*", "∙": "*", "÷": "/", "−": "-", "–": "-", "∕": "/"})
_SEPARATORS = str.maketrans("", "", ",_'\u00a0\u2009\u202f")
_GROUPED = r"\d{1,3}(?:[,'\u00a0\u2009\u202f]\d{3})+(?!\d)|\d+(?:_\d+)*"
_TAIL = r"(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.])"
_OPERATOR = r"\*\*|//|[-+*/^%!(),√]"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>(?:{_GROUPED}){_TAIL}|\.\d+{_TAIL})|(?P<name>[^\W\d]\w*)|(?P<sign>{_OPERATOR}))"
)
_CALL_NUMBER = re.compile(rf"\s*(?P<number>\d+(?:_\d+)*{_TAIL})")
"""Inside a function's brackets a comma parts arguments: max(1,234) has two."""

_INFIX = {
    "+": (10, arithmetic.add),
    "-": (10, arithmetic.subtract),
    "*": (20, arithmetic.multiply),
    "of": (20, arithmetic.multiply),
    "/": (20, arithmetic.divide),
    "//": (20, arithmetic.floor_divide),
    "%": (20, arithmetic.modulo),
    "mod": (20, arithmetic.modulo),
    "^": (40, arithmetic.power),
    "**": (40, arithmetic.power),
}
_NEGATION = 30
_POSTFIX = 50
_HUNDREDTH = Number(Fraction(1, 100))


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    place: int


def evaluate(expression: str) -> Number:
    """The value of an expression. Raises `CannotDoError` saying where it cannot be read or computed."""
    if len(expression) > MAX_CHARS:
        raise CannotDoError(f"The expression is longer than {MAX_CHARS:,} characters.")
    parser = _Parser(_tokens(expression.translate(_SPELLINGS)))
    value = parser.expression(0)
    parser.expect_end()
    return value


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    calls: list[bool] = []
    place = 0
    while text[place:].strip():
        match = (_CALL_NUMBER.match(text, place) if calls and calls[-1] else None) or _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise CannotDoError(_unreadable(text, place))
        tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1))
        _track_brackets(calls, tokens)
        place = match.end()
    return [*tokens, Token("end", "", len(text) + 1)]


def _track_brackets(calls: list[bool], tokens: list[Token]) -> None:
    if tokens[-1].text == "(":
        calls.append(len(tokens) > 1 and tokens[-2].kind == "name")
    elif tokens[-1].text == ")" and calls:
        calls.pop()


def _unreadable(text: str, place: int) -> str:
    rest = text[place:].strip()[:12]
    return f"Cannot read {rest!r}. Numbers, + - * / // % ^ ! ( ) and functions such as sqrt are known."


class _Parser:
    """Precedence climbing that computes as it reads."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._functions = table()

    def expression(self, binding: int) -> Number:
        """Everything that binds more tightly than `binding`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CannotDoError(f"The expression is nested more than {MAX_DEPTH} deep.")
        value = self._operand()
        while (longer := self._continued(value, binding)) is not None:
            value = longer
        self._depth -= 1
        return value

    def expect_end(self) -> None:
        if self._next.text == ",":
            raise CannotDoError("Write thousands as 1,234,567 and decimals with a point, as in 3.14.")
        if self._next.kind != "end":
            raise CannotDoError(f"{self._next.text!r} at character {self._next.place} does not belong there.")

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _operand(self) -> Number:
        token = self._take()
        match token.kind, token.text:
            case "number", digits:
                return literal(digits.translate(_SEPARATORS))
            case "name", name if self._next.text == "(":
                return self._call(name, token.place)
            case "name", name if name.lower() in CONSTANTS:
                return CONSTANTS[name.lower()]
            case "sign", "(":
                return self._closed()
            case "sign", "-":
                return arithmetic.subtract(Number(Fraction()), self.expression(_NEGATION))
            case "sign", "+":
                return self.expression(_NEGATION)
            case "sign", "√":
                return arithmetic.root(self.expression(_POSTFIX - 1), 2)
            case "end", _:
                raise CannotDoError("The expression ends where a number is expected.")
            case _:
                raise CannotDoError(f"{token.text!r} at character {token.place} is not a number. {self._known()}")

    def _continued(self, left: Number, binding: int) -> Number | None:
        """The value after one more operator, or None when the next one binds too loosely."""
        sign = self._next.text
        if sign == "!" or (sign == "%" and not self._is_modulo()):
            self._take()
            return self._functions["factorial"](left) if sign == "!" else arithmetic.multiply(left, _HUNDREDTH)
        if sign not in _INFIX or _INFIX[sign][0] <= binding:
            return None
        self._take()
        strength, operation = _INFIX[sign]
        # Powers group from the right: 2^3^2 is 2^9.
        return operation(left, self.expression(strength - 1 if operation is arithmetic.power else strength))

    def _is_modulo(self) -> bool:
        """Whether the % here stands between two operands; else it is a percent sign."""
        after = self._tokens[self._at + 1]
        return after.kind == "number" or after.text in ("(", "√") or (after.kind == "name" and after.text not in _INFIX)

    def _closed(self) -> Number:
        value = self.expression(0)
        if self._take().text != ")":
            raise CannotDoError("A bracket is not closed.")
        return value

    def _call(self, name: str, place: int) -> Number:
        function = self._functions.get(name.lower())
        if function is None:
            raise CannotDoError(f"There is no function {name!r} (character {place}). {self._known()}")
        arguments = self._arguments()
        _check_count(name, function, len(arguments))
        return function(*arguments)

    def _arguments(self) -> list[Number]:
        self._take()
        if self._next.text == ")":
            self._take()
            return []
        values = [self.expression(0)]
        while self._next.text == ",":
            self._take()
            values.append(self.expression(0))
        if self._take().text != ")":
            raise CannotDoError("A bracket is not closed.")
        return values

    def _known(self) -> str:
        return f"Known functions: {', '.join(self._functions)}; constants: pi, e, tau."


def _check_count(name: str, function: Function, count: int) -> None:
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        raise CannotDoError(f"{name} does not take {count} numbers.") from None
    if count == 0:
        raise CannotDoError(f"{name} needs a number.")
