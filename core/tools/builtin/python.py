"""Python programs that a model writes."""

from typing import Annotated

import msgspec

from core.domain.tool import ToolResult
from core.tools.python.sandbox import Bounds, run_program


async def run_python(
    code: Annotated[
        str, msgspec.Meta(max_length=100_000), "The program. Print, or end with an expression, to see a value."
    ],
) -> ToolResult:
    """Run a Python program in a sandbox and return what it printed and the value of its last expression.

    Has the language and parts of the standard library (math, json, re, datetime, random, collections …); has
    no packages, no files, no network and no access to the machine. Nothing is kept from one call to the next.
    """
    return await run_program(code, Bounds())
