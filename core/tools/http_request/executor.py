"""Calls of tools that are one HTTP request each."""

import asyncio
from http import HTTPStatus

import msgspec

from core.clients.outbound import Outbound, OutboundResponse
from core.domain.canonical import Json
from core.domain.tool import ToolRequest, ToolResult
from core.tools.executor import CannotDoError
from core.tools.http_request.build import build
from core.tools.http_request.credentials import hidden, with_credentials
from core.tools.http_request.operation import Operation
from core.tools.secrets import Scrubber, SecretSource, looked_up


class HttpExecutor:
    """Sends the operation's request and hands back what the server said, with its status."""

    def __init__(self, outbound: Outbound, secrets: SecretSource) -> None:
        self._outbound, self._secrets = outbound, secrets

    async def call(self, request: ToolRequest) -> ToolResult:
        operation = msgspec.convert(request.tool.definition, Operation)
        try:
            built = build(operation, request.arguments, request.key, request.time_limit_s)
        except CannotDoError as error:
            return ToolResult(str(error), is_error=True)
        names = {credential.secret for credential in operation.credentials}
        values = await asyncio.to_thread(looked_up, self._secrets, names) if names else {}
        scrubber = Scrubber(hidden(operation.credentials, values))
        with scrubber.errors():
            answer = await self._outbound.send(with_credentials(built, operation.credentials, values))
        return scrubber.result(_result(answer))


def _result(answer: OutboundResponse) -> ToolResult:
    is_error = not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    body = _body(answer)
    moved = f"\nLocation: {answer.headers['location']}" if "location" in answer.headers else ""
    cut = f"\n(only the first {len(answer.body):,} bytes were read)" if answer.cut else ""
    text = f"HTTP {answer.status}{moved}\n{body}{cut}" if body else f"HTTP {answer.status}, no content{moved}"
    return ToolResult(text, is_error=is_error, data={"status": answer.status, "body": _value(answer)})


def _body(answer: OutboundResponse) -> str:
    if b"\0" in answer.body[:1_000] and "charset" not in answer.headers.get("content-type", ""):
        return f"({answer.media_type or 'binary data'}, {len(answer.body):,} bytes)"
    return answer.text()


def _value(answer: OutboundResponse) -> Json:
    """The body as a value where it is JSON."""
    if answer.cut or not answer.media_type.endswith("json"):
        return None
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
