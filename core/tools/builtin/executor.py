"""Calls of built-in tools."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec

from core.clients.outbound import Outbound
from core.domain.tool import ToolRequest, ToolResult
from core.errors import Fault, FaultError
from core.tools.builtin.catalogue import Builtin, catalogue
from core.tools.context import Context
from core.tools.executor import CannotDoError
from core.tools.notebook import NotebookStore

_THREADS = 16


class BuiltinExecutor:
    """Runs the functions of the catalogue, away from the loop where they compute.

    The threads are its own: tools that are slow must not hold up the look-ups of names on the loop's.
    """

    def __init__(self, outbound: Outbound, notebook: NotebookStore) -> None:
        self._outbound = outbound
        self._notebook = notebook
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tool")

    async def call(self, request: ToolRequest) -> ToolResult:
        builtin = catalogue().get(request.tool.name)
        if builtin is None:
            raise FaultError(Fault("tool_unknown", f"There is no built-in tool {request.tool.name!r} any more."))
        keywords = _bound(builtin, request)
        if builtin.wants_context:
            keywords["context"] = Context(self._outbound, self._notebook, request.key, request.time_limit_s)
        try:
            return await self._run(partial(builtin.function, **keywords), is_async=builtin.is_async)
        except CannotDoError as error:
            return ToolResult(str(error), is_error=True)

    def close(self) -> None:
        """Take no more calls; those under way end by their own limits."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: Any, *, is_async: bool) -> ToolResult:
        if is_async:
            result: ToolResult = await function()
            return result
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def _bound(builtin: Builtin, request: ToolRequest) -> dict[str, Any]:
    try:
        return builtin.signature.bind(request.arguments)
    except msgspec.ValidationError as error:
        # The arguments fit the schema that the run was frozen with; the tool of today takes others.
        raise FaultError(Fault("tool_drift", f"{request.tool.name} has changed since: {error}")) from None
