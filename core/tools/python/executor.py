"""Calls of functions that people wrote."""

from core.domain.tool import ToolRequest, ToolResult
from core.tools.executor import CannotDoError
from core.tools.python.definition import definition_of
from core.tools.python.sandbox import call_function


class PythonExecutor:
    """Each call is a sandbox of its own: nothing is kept from one to the next."""

    async def call(self, request: ToolRequest) -> ToolResult:
        written = definition_of(request.tool)
        try:
            return await call_function(written.code, request.tool.name, request.arguments, written.bounds)
        except CannotDoError as error:
            return ToolResult(str(error), is_error=True)
