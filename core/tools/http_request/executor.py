"""Calls of tools that are one HTTP request each."""

import asyncio
from dataclasses import replace

from core.clients.outbound import Outbound, OutboundResponse
from core.domain.tool import ToolRequest, ToolResult
from core.errors import Fault, FaultError
from core.tools.executor import CannotDoError
from core.tools.http_request.answer import found_in, result_of
from core.tools.http_request.build import build
from core.tools.http_request.credentials import hidden, with_credentials
from core.tools.http_request.definition import check_of, operation_of
from core.tools.http_request.operation import Operation
from core.tools.secrets import Scrubber, SecretSource, looked_up


class HttpExecutor:
    """Sends the operation's request and hands back what the server said, with its status."""

    def __init__(self, outbound: Outbound, secrets: SecretSource) -> None:
        self._outbound, self._secrets = outbound, secrets

    async def call(self, request: ToolRequest) -> ToolResult:
        operation = operation_of(request.tool)
        try:
            answer, scrubber = await self._sent(operation, request, changes=request.tool.effect == "write")
        except CannotDoError as error:
            return ToolResult(str(error), is_error=True)
        # In a thread: an expression may compute for a while, and a large answer has many places to look at.
        return await asyncio.to_thread(lambda: scrubber.result(result_of(answer, operation.select)))

    async def check(self, request: ToolRequest) -> ToolResult | None:
        """What became of the call: its result, or None when it did not happen. Raises `FaultError` when it is open."""
        operation = check_of(request.tool)
        if operation is None:
            raise FaultError(Fault("unsupported", f"{request.tool.name} has no status check."))
        try:
            answer, scrubber = await self._sent(operation, request, changes=False)
            found = await asyncio.to_thread(found_in, answer, operation.select)
        except CannotDoError as error:
            raise FaultError(Fault("tool_failed", str(error))) from None
        return None if found is None else scrubber.result(found)

    async def _sent(
        self, operation: Operation, request: ToolRequest, *, changes: bool
    ) -> tuple[OutboundResponse, Scrubber]:
        """The server's answer, and what hides the secrets in it."""
        built = build(operation, request.arguments, request.key, request.time_limit_s)
        names = {credential.secret for credential in operation.credentials}
        values = await asyncio.to_thread(looked_up, self._secrets, names) if names else {}
        scrubber = Scrubber(hidden(operation.credentials, values))
        with scrubber.errors():
            answer = await self._outbound.send(
                replace(with_credentials(built, operation.credentials, values), changes=changes)
            )
        return answer, scrubber
