"""A number that knows whether it is exact, and operations that refuse before they grow out of hand."""

from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException
from fractions import Fraction

from core.tools.executor import CannotDoError

MAX_DIGITS = 4_000
"""Of a numerator or denominator. Python itself writes no more than 4,300."""
_MAX_BITS = MAX_DIGITS * 3_322 // 1_000
_APPROXIMATE_DIGITS = 15
_MAX_ROOT = 100

context = Context(prec=40)
"""For what has no exact value; 40 digits, so that the 15 that are shown are right."""


@dataclass(frozen=True, slots=True)
class Number:
    """A rational number; `exact` is False once something was rounded on the way."""

    value: Fraction
    exact: bool = True

    def __post_init__(self) -> None:
        if max(self.value.numerator.bit_length(), self.value.denominator.bit_length()) > _MAX_BITS:
            raise CannotDoError(f"A number on the way has more than {MAX_DIGITS:,} digits; that is too large here.")

    def whole(self, what: str) -> int:
        """The number as an integer, for operations that know no others."""
        if self.value.denominator != 1:
            raise CannotDoError(f"{what} needs whole numbers, and {self} is none.")
        return self.value.numerator

    def __str__(self) -> str:
        if not self.exact:
            return f"about {self.rounded()}"
        decimal = terminating(self.value)
        return decimal or f"{self.value} (about {self.rounded()})"

    def rounded(self) -> str:
        """Fifteen significant digits."""
        return plain(as_decimal(self.value), _APPROXIMATE_DIGITS)


def literal(digits: str) -> Number:
    """A written number such as 12, 0.5 or 6.02e23, exactly."""
    mantissa, _, exponent = digits.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > len("-4000") or abs(int(exponent or 0)) > MAX_DIGITS:
        raise CannotDoError(f"The number {digits[:20]}… is too large or too small here.")
    return Number(Fraction(digits))


def approximate(value: Decimal | float) -> Number:
    """The result of a rounded calculation."""
    decimal = Decimal(repr(value)) if isinstance(value, float) else value
    if not decimal.is_finite() or abs(decimal.adjusted()) > MAX_DIGITS:
        raise CannotDoError("The result is too large or too small here.")
    return Number(Fraction(decimal), exact=False)


def as_decimal(value: Fraction) -> Decimal:
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def add(left: Number, right: Number) -> Number:
    return Number(left.value + right.value, left.exact and right.exact)


def subtract(left: Number, right: Number) -> Number:
    return Number(left.value - right.value, left.exact and right.exact)


def multiply(left: Number, right: Number) -> Number:
    return Number(left.value * right.value, left.exact and right.exact)


def divide(left: Number, right: Number) -> Number:
    return Number(left.value / _divisor(right), left.exact and right.exact)


def floor_divide(left: Number, right: Number) -> Number:
    return Number(Fraction(left.value // _divisor(right)), left.exact and right.exact)


def modulo(left: Number, right: Number) -> Number:
    return Number(left.value % _divisor(right), left.exact and right.exact)


def _divisor(number: Number) -> Fraction:
    if not number.value:
        raise CannotDoError("This divides by zero.")
    return number.value


def power(base: Number, exponent: Number) -> Number:
    """Exact for whole exponents and for roots that come out even."""
    if exponent.value.denominator != 1:
        return _fractional_power(base, exponent)
    times = exponent.value.numerator
    if times < 0:
        _divisor(base)
    size_bits = max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
    if abs(base.value) != 1 and size_bits * abs(times) > _MAX_BITS + size_bits:
        raise CannotDoError(f"A power here has more than {MAX_DIGITS:,} digits; that is too large.")
    # 1 and -1 never grow, but a huge exponent of them would still be counted down bit by bit.
    times = times % 2 + 2 if abs(base.value) == 1 else times
    return Number(Fraction(base.value**times), base.exact and exponent.exact)


def _fractional_power(base: Number, exponent: Number) -> Number:
    if base.value < 0:
        raise CannotDoError("A negative number has no real power with a fraction as exponent.")
    degree = exponent.value.denominator
    if degree <= _MAX_ROOT:
        inner = root(base, degree)
        if inner.exact:
            return power(inner, Number(Fraction(exponent.value.numerator), exponent.exact))
    try:
        return approximate(context.power(as_decimal(base.value), as_decimal(exponent.value)))
    except DecimalException:
        raise CannotDoError("The result is too large or too small here.") from None


def root(number: Number, degree: int) -> Number:
    """The real root of `degree` from 1 to 100; exact where it comes out even."""
    if not 1 <= degree <= _MAX_ROOT:
        raise CannotDoError(f"The degree of a root must be from 1 to {_MAX_ROOT}.")
    if number.value < 0:
        if degree % 2 == 0:
            raise CannotDoError("A negative number has no real root of an even degree.")
        inner = root(Number(-number.value, number.exact), degree)
        return Number(-inner.value, inner.exact)
    top, bottom = (_whole_root(part, degree) for part in number.value.as_integer_ratio())
    if Fraction(top, bottom) ** degree == number.value:
        return Number(Fraction(top, bottom), number.exact)
    return approximate(context.power(as_decimal(number.value), context.divide(Decimal(1), Decimal(degree))))


def _whole_root(number: int, degree: int) -> int:
    """The whole part of a root, by Newton's method from above."""
    guess = 1 << -(-number.bit_length() // degree)
    while number:
        better = ((degree - 1) * guess + number // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better
    return 0


def terminating(value: Fraction) -> str:
    """A number written out in full; empty when its decimals never end."""
    places = _places(value.denominator)
    if places < 0:
        return ""
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, rest = (digits[:-places], "." + digits[-places:]) if places else (digits, "")
    return f"{'-' if value < 0 else ''}{whole}{rest}"


def _places(denominator: int) -> int:
    """How many decimals a fraction needs; -1 when they never end."""
    counts = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator, count = denominator // prime, count + 1
        counts.append(count)
    return max(counts) if denominator == 1 and max(counts) < MAX_DIGITS else -1


def plain(value: Decimal, digits: int) -> str:
    """Without an exponent where that is readable, without zeros at the end."""
    rounded = Context(prec=digits).plus(value)
    return format(rounded.normalize(), "f" if -digits < rounded.adjusted() <= digits else "e")
