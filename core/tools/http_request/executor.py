"""Calls of tools that are one HTTP request each."""

import asyncio
from dataclasses import replace

from core.clients.outbound import Outbound
from core.domain.tool import ToolRequest, ToolResult
from core.tools.executor import CannotDoError
from core.tools.http_request.answer import result_of
from core.tools.http_request.build import build
from core.tools.http_request.credentials import hidden, with_credentials
from core.tools.http_request.definition import operation_of
from core.tools.secrets import Scrubber, SecretSource, looked_up


class HttpExecutor:
    """Sends the operation's request and hands back what the server said, with its status."""

    def __init__(self, outbound: Outbound, secrets: SecretSource) -> None:
        self._outbound, self._secrets = outbound, secrets

    async def call(self, request: ToolRequest) -> ToolResult:
        operation = operation_of(request.tool)
        try:
            built = build(operation, request.arguments, request.key, request.time_limit_s)
        except CannotDoError as error:
            return ToolResult(str(error), is_error=True)
        names = {credential.secret for credential in operation.credentials}
        values = await asyncio.to_thread(looked_up, self._secrets, names) if names else {}
        scrubber = Scrubber(hidden(operation.credentials, values))
        sent = replace(with_credentials(built, operation.credentials, values), changes=request.tool.effect == "write")
        with scrubber.errors():
            answer = await self._outbound.send(sent)
        # In a thread: an expression may compute for a while, and a large answer has many places to look at.
        return await asyncio.to_thread(lambda: scrubber.result(result_of(answer, operation.select)))
