"""Exact arithmetic."""

from typing import Annotated

from core.domain.tool import ToolResult
from core.tools.arithmetic.parser import evaluate


def calculator(
    expression: Annotated[str, "What to compute, such as 15% of 1,240 or (2^10 - 1) / 3 or sqrt(2)."],
) -> ToolResult:
    """Compute an arithmetic expression exactly, with fractions and large whole numbers.

    Knows + - * / // mod ^ ! and brackets; 10% means 10/100; functions such as sqrt, round, gcd, lcm,
    factorial, comb, min, max, mean, ln, log(x, base), sin (radians). A result that had to be rounded says "about".
    """
    number = evaluate(expression)
    return ToolResult(str(number), data={"value": str(number.value), "exact": number.exact})
