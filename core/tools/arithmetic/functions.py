"""The functions and constants that may stand in an expression."""

import math
from collections.abc import Callable
from decimal import Decimal, DecimalException
from fractions import Fraction

from core.tools.arithmetic import number as arithmetic
from core.tools.arithmetic.number import MAX_DIGITS, Number, approximate, as_decimal, context
from core.tools.executor import CannotDoError

Function = Callable[..., Number]

_MAX_FACTORIAL = 1_500
_MAX_TERMS = 1_500
_NEAR = Decimal("1e-30")


def _exact(numbers: tuple[Number, ...], value: Fraction | int) -> Number:
    return Number(Fraction(value), all(number.exact for number in numbers))


def _round(x: Number, places: Number | None = None) -> Number:
    """Half away from zero, as at school."""
    count = places.whole("round") if places else 0
    if abs(count) > MAX_DIGITS:
        raise CannotDoError("round takes at most 4,000 places.")
    scale = Fraction(10) ** count
    size = math.floor(abs(x.value) * scale + Fraction(1, 2)) / scale
    return Number(size if x.value >= 0 else -size, x.exact)


def _factorial(x: Number) -> Number:
    n = x.whole("factorial")
    if not 0 <= n <= _MAX_FACTORIAL:
        raise CannotDoError(f"factorial takes whole numbers from 0 to {_MAX_FACTORIAL:,}.")
    return Number(Fraction(math.factorial(n)))


def _choose(count: Callable[[int, int], int], name: str) -> Function:
    def choose(n: Number, k: Number) -> Number:
        of, taken = n.whole(name), k.whole(name)
        if of < 0 or taken < 0 or min(taken, abs(of - taken) if name == "comb" else taken) > _MAX_TERMS:
            raise CannotDoError(f"{name} takes whole numbers from 0, and picks at most {_MAX_TERMS:,}.")
        if of.bit_length() * taken > MAX_DIGITS * 16:
            raise CannotDoError(f"{name} of these numbers is too large here.")
        return _exact((n, k), count(of, taken))

    return choose


def _whole_numbers(name: str, fold: Callable[..., int]) -> Function:
    def over(*numbers: Number) -> Number:
        return _exact(numbers, fold(*[number.whole(name) for number in numbers]))

    return over


def _log(x: Number, base: Number | None = None) -> Number:
    if base is None:
        raise CannotDoError("log needs its base: write ln(x), log10(x) or log(x, base).")
    if x.value <= 0 or base.value <= 0 or base.value == 1:
        raise CannotDoError("A logarithm needs numbers above zero and a base other than 1.")
    quotient = context.divide(_ln(x.value), _ln(base.value))
    whole = Number(Fraction(round(quotient)))
    if x.exact and abs(quotient - round(quotient)) < _NEAR and arithmetic.power(base, whole) == x:
        return whole
    return approximate(quotient)


def _ln(value: Fraction) -> Decimal:
    if value <= 0:
        raise CannotDoError("A logarithm needs numbers above zero.")
    return context.ln(as_decimal(value))


def _exp(x: Number) -> Number:
    try:
        return Number(Fraction(1)) if x.value == 0 and x.exact else approximate(context.exp(as_decimal(x.value)))
    except DecimalException:
        raise CannotDoError("The result is too large or too small here.") from None


def _real(function: Callable[[float], float], name: str) -> Function:
    """A function of floating point; zero stays exact where it is mapped to zero."""

    def over(x: Number) -> Number:
        if x.value == 0 and x.exact and function(0.0) == 0.0:
            return x
        try:
            return approximate(function(float(x.value)))
        except (ValueError, OverflowError):
            raise CannotDoError(f"{name} is not defined for {x}.") from None

    return over


def _mean(*numbers: Number) -> Number:
    return _exact(numbers, sum((number.value for number in numbers), Fraction()) / len(numbers))


def _median(*numbers: Number) -> Number:
    ordered = sorted(number.value for number in numbers)
    middle = len(ordered) // 2
    pair = ordered[middle - 1 : middle + 1] if len(ordered) % 2 == 0 else ordered[middle : middle + 1]
    return _exact(numbers, sum(pair, Fraction()) / len(pair))


def table() -> dict[str, Function]:
    """Every function by name."""
    return {
        "abs": lambda x: Number(abs(x.value), x.exact),
        "sign": lambda x: _exact((x,), (x.value > 0) - (x.value < 0)),
        "round": _round,
        "floor": lambda x: _exact((x,), math.floor(x.value)),
        "ceil": lambda x: _exact((x,), math.ceil(x.value)),
        "trunc": lambda x: _exact((x,), math.trunc(x.value)),
        "min": lambda *xs: min(xs, key=lambda x: x.value),
        "max": lambda *xs: max(xs, key=lambda x: x.value),
        "sum": lambda *xs: _exact(xs, sum((x.value for x in xs), Fraction())),
        "mean": _mean,
        "avg": _mean,
        "median": _median,
        "gcd": _whole_numbers("gcd", math.gcd),
        "lcm": _whole_numbers("lcm", math.lcm),
        "factorial": _factorial,
        "comb": _choose(math.comb, "comb"),
        "perm": _choose(math.perm, "perm"),
        "mod": arithmetic.modulo,
        "pow": arithmetic.power,
        "sqrt": lambda x: arithmetic.root(x, 2),
        "cbrt": lambda x: arithmetic.root(x, 3),
        "root": lambda x, degree: arithmetic.root(x, degree.whole("root")),
        "exp": _exp,
        "ln": lambda x: _log(x, E) if x.value != 1 else Number(Fraction()),
        "log": _log,
        "log2": lambda x: _log(x, Number(Fraction(2))),
        "log10": lambda x: _log(x, Number(Fraction(10))),
        **{name: _real(getattr(math, name), name) for name in _FLOATING},
    }


_FLOATING = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "degrees", "radians")
PI = Number(Fraction("3.141592653589793238462643383279502884197169"), exact=False)
E = Number(Fraction("2.718281828459045235360287471352662497757247"), exact=False)
CONSTANTS = {"pi": PI, "π": PI, "e": E, "tau": Number(2 * PI.value, exact=False)}
