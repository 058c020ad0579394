"""A Python function as a person writes it, and the tool that it is."""

import re

import msgspec

from core.domain.tool import NAME_PATTERN, ToolSpec
from core.tools.python.sandbox import Bounds
from core.tools.python.signature import NotAToolError, signature_of

MOST_CHARS = 100_000
MOST_SECONDS, MOST_MEMORY_MB = 60.0, 1_024
_GRACE_S = 5.0
"""For the sandbox to start and end: it keeps the time of the function itself."""


class PythonTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `definition` of a tool of the kind `python`."""

    code: str = ""
    seconds: float = 10.0
    memory_mb: int = 128

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.seconds, self.memory_mb * 2**20)


def tool_of(written: PythonTool) -> ToolSpec:
    """The tool. It reaches nothing but its arguments, so it may be called again. Raises `NotAToolError`."""
    if len(written.code) > MOST_CHARS:
        raise NotAToolError(f"The code is longer than {MOST_CHARS:,} characters.")
    if not (0 < written.seconds <= MOST_SECONDS and 1 <= written.memory_mb <= MOST_MEMORY_MB):
        raise NotAToolError(f"It has at most {MOST_SECONDS:g} seconds and {MOST_MEMORY_MB:,} MB.")
    signature = signature_of(written.code)
    if not re.fullmatch(NAME_PATTERN, signature.name):
        raise NotAToolError("The function's name has 1 to 64 letters, digits and underscores.")
    return ToolSpec(
        name=signature.name,
        description=signature.description,
        parameters=signature.parameters,
        kind="python",
        time_limit_s=written.seconds + _GRACE_S,
        definition=msgspec.to_builtins(written),
    )


def definition_of(tool: ToolSpec) -> PythonTool:
    return msgspec.convert(tool.definition, PythonTool)
