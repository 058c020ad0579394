"""What carries out calls of one kind of tool."""

from typing import Protocol

from core.domain.tool import ToolRequest, ToolResult
from core.errors import AryabhattaError


class CannotDoError(AryabhattaError):
    """A tool's answer that it cannot do what was asked. The message is told to the model."""


class Executor(Protocol):
    """Executes calls of one kind of tool.

    Raises `FaultError` when nothing happened or it failed cleanly, `OutcomeUnknown` when a call was sent
    and its answer is lost. Cancelling the task stops the call.
    """

    async def call(self, request: ToolRequest) -> ToolResult: ...
