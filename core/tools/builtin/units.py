"""Conversion between units of measurement."""

import difflib
import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from core.domain.tool import ToolResult
from core.tools.arithmetic.number import plain
from core.tools.executor import CannotDoError

if TYPE_CHECKING:
    from pint import UnitRegistry

_MAX_CHARS = 60
_MAX_POWER = 9
_DIGITS = 20
_SUPERSCRIPTS = str.maketrans({"²": "2", "³": "3", "¹": "1", "⁻": "-", "⁴": "4"})
_FACTOR = re.compile(r"(?P<name>[^\W\d](?:[\w ]*\w)?|°\s?\w+|[%‰'\"])(?:\^(?P<power>-?\d+))?")
_SQUARE = re.compile(r"(?P<word>square|sq\.?|cubic|cu\.?)[\s_]+(?P<rest>.+)", re.IGNORECASE)
_ALIASES = {"fl oz": "fluid_ounce", "fl. oz": "fluid_ounce", "'": "foot", '"': "inch", "‰": "permille"}
_TEMPERATURES = {"C": "degC", "F": "degF", "K": "kelvin"}
_EXAMPLES = "Write units as km, mile, kg, degC, km/h, m^2, kWh."


def convert_units(
    value: Annotated[int | float, "The amount to convert."],
    from_unit: Annotated[str, "Its unit, such as mile, kg, degC, km/h, m^2."],
    to_unit: Annotated[str, "The unit wanted."],
) -> ToolResult:
    """Convert an amount from one unit of measurement to another: lengths, masses, temperatures, speeds, data and more.

    Does not know currencies.
    """
    from_unit, to_unit = _temperatures(from_unit.strip(), to_unit.strip())
    result = _converted(Decimal(str(value)), _unit(from_unit), _unit(to_unit))
    shown = plain(result, _DIGITS)
    return ToolResult(f"{value} {from_unit} = {shown} {to_unit}", data={"value": float(shown), "unit": to_unit})


def _temperatures(from_unit: str, to_unit: str) -> tuple[str, str]:
    """Two of C, F and K mean temperatures: nobody converts coulombs to farads."""
    if {from_unit, to_unit} <= _TEMPERATURES.keys():
        return _TEMPERATURES[from_unit], _TEMPERATURES[to_unit]
    return from_unit, to_unit


def _converted(value: Decimal, from_unit: Any, to_unit: Any) -> Decimal:
    import pint  # noqa: PLC0415 (half a second to import and to read its table of units)

    try:
        result: Decimal = _registry().Quantity(value, from_unit).to(to_unit).magnitude
    except pint.DimensionalityError as error:
        have, want = f"{error.units1} {error.dim1}".strip(), f"{error.units2} {error.dim2}".strip()
        raise CannotDoError(f"{have} cannot become {want}.") from None
    except (pint.PintError, ArithmeticError, TypeError):
        # Logarithmic units such as dBm end in a TypeError: they have no exact decimals.
        raise CannotDoError(f"Cannot convert {from_unit} to {to_unit}.") from None
    return result


def _unit(text: str) -> Any:
    """Read a product of named units.

    Read here and not by the library, which would compute any arithmetic that it finds in a name.
    """
    if not text or len(text) > _MAX_CHARS:
        raise CannotDoError(f"{text[:_MAX_CHARS]!r} is not a unit. {_EXAMPLES}")
    unit = _registry().dimensionless
    parts = re.split(r"\s*([*/·⋅×]|\bper\b)\s*", text.translate(_SUPERSCRIPTS).replace("**", "^"))
    for sign, part in zip(["*", *parts[1::2]], parts[::2], strict=True):
        factor = _factor(part, text)
        unit = unit / factor if sign in ("/", "per") else unit * factor
    return unit


def _factor(part: str, whole: str) -> Any:
    if part.strip() == "1":
        return _registry().dimensionless
    if match := _SQUARE.fullmatch(part.strip()):
        return _named(match["rest"]) ** (2 if match["word"].lower().startswith("s") else 3)
    match = _FACTOR.fullmatch(part.strip())
    power = int(match["power"] or 1) if match else 0
    if match is None or not 1 <= abs(power) <= _MAX_POWER:
        raise CannotDoError(f"Cannot read the unit {whole!r}. {_EXAMPLES}")
    return _named(match["name"]) ** power


def _named(name: str) -> Any:
    import pint  # noqa: PLC0415

    for spelling, power in _spellings(name):
        try:
            return _registry().Unit(spelling) ** power
        except (pint.PintError, ValueError):
            continue
    close = difflib.get_close_matches(name, dir(_registry()), n=5)
    advice = f"Did you mean {', '.join(close)}?" if close else _EXAMPLES
    raise CannotDoError(f"There is no unit {name!r}. {advice}")


def _spellings(name: str) -> list[tuple[str, int]]:
    """As written, with underscores, in lower case; m2 is m^2 when nothing is called m2."""
    name = _ALIASES.get(name.lower(), name)
    joined = re.sub(r"[\s_]+", "_", name.replace("° ", "°"))
    spellings = [(joined, 1), (joined.lower(), 1)]
    if joined[-1] in "23" and joined[:-1].isalpha():
        spellings.append((joined[:-1], int(joined[-1])))
    return spellings


@lru_cache(maxsize=1)
def _registry() -> "UnitRegistry[Decimal]":
    import pint  # noqa: PLC0415

    return pint.UnitRegistry(non_int_type=Decimal)
