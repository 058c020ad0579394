"""One connection with one MCP server. The only module that imports the SDK, which takes a second: it is imported in a
thread when the first server is needed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Self

import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client, types
from mcp.client import ClientRequestContext, Transport
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.dispatcher import ProgressFnT
from pydantic import TypeAdapter, ValidationError

from core import __version__
from core.clients.mcp.answer import Called, Listener, OnProgress
from core.clients.mcp.elicit import Elicitation, urls_to_visit
from core.clients.mcp.errors import (
    ANSWERED,
    LOST,
    NOT_SENT,
    SESSION_GONE,
    LostAnswerError,
    SessionGoneError,
    refused,
    said_over_http,
)
from core.clients.mcp.http import guarded_transport, http_client
from core.clients.mcp.oauth import SignedTransport
from core.clients.mcp.stderr import StderrTail
from core.clients.mcp.tokens import TokenVault
from core.domain.canonical import Json
from core.domain.tool_source import ListedTool, McpServer, ToolProgress
from core.errors import Fault, FaultError

_MOST_PAGES = 100
_LIST_S = 30.0
_MOST_ROUNDS = 20
"""How often one call may come back with another question."""
_ROUND_S = 0.25
"""Before a server is asked again that only wants to be."""
_FAILURES = (OSError, ValueError, RuntimeError, MCPError, httpx2.HTTPError, FaultError, ExceptionGroup)
_ANSWER: TypeAdapter[Any] = TypeAdapter(types.CallToolResult | types.InputRequiredResult)
_SDK_WORDS = ("Connection closed", "Request 'tools/", "SSE stream ", "Failed to parse ")
"""How the SDK's own errors begin. Their codes say nothing: servers use the same ones for what they mean."""
_SAID_CHARS = 600


class Connection:
    """An open session. Used from any task of its loop."""

    def __init__(self, client: Client, elicitation: Elicitation) -> None:
        self._client, self._elicitation = client, elicitation
        info = client.server_info
        self.server_name = f"{info.name} {info.version}".strip() if info else ""
        self.protocol = client.protocol_version

    async def list(self) -> tuple[ListedTool, ...]:
        """Every tool, page by page. Raises `FaultError`."""
        found: list[ListedTool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            request = types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor))
            with _translated(is_call=False):
                page = await self._client.session.send_request(request, types.ListToolsResult, _LIST_S)
            found += [_listed(tool) for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None:
                break
        return tuple(found)

    async def call(self, tool: str, arguments: dict[str, Json], listener: Listener) -> Called:
        """One call: one request, and another only with what its server asked a person for. Cancel it to end it.

        Raises `FaultError` when the server did not act, `LostAnswerError` when nobody can say.
        """
        params = types.CallToolRequestParams(name=tool, arguments=arguments)
        with self._elicitation.of_call(listener.ask):
            for _ in range(_MOST_ROUNDS):
                answer = await self._round(params, listener.on_progress)
                if not isinstance(answer, types.InputRequiredResult):
                    return _called(answer)
                params = params.model_copy(update=await self._asked_for(answer))
        raise refused(f"The server asked for more {_MOST_ROUNDS} times.", "unsupported")

    async def _round(self, params: types.CallToolRequestParams, on_progress: OnProgress | None) -> Any:
        request = types.CallToolRequest(params=params)
        with _translated(is_call=True):
            return await self._client.session.send_request(request, _ANSWER, progress_callback=_told_to(on_progress))

    async def _asked_for(self, answer: types.InputRequiredResult) -> dict[str, Any]:
        """What goes along with the next round. Raises `FaultError` where it is nothing that a person can give."""
        session, responses = self._client.session, {}
        for key, request in (answer.input_requests or {}).items():
            said = await session.dispatch_input_request(ClientRequestContext(session=session, request_id=key), request)
            if isinstance(said, types.ErrorData):
                raise refused(f"The server asked for what it cannot get here: {said.message}", "unsupported")
            responses[key] = said
        if not responses:
            await asyncio.sleep(_ROUND_S)
        return {"input_responses": responses or None, "request_state": answer.request_state}


def _called(answer: types.CallToolResult) -> Called:
    plain = answer.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Called(tuple(plain["content"]), plain.get("structuredContent"), bool(answer.is_error))


def _told_to(on_progress: OnProgress | None) -> ProgressFnT | None:
    """Without a listener the server is not asked to tell."""
    if on_progress is None:
        return None

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        on_progress(ToolProgress(progress, total, message or ""))

    return tell


async def keep(
    server: McpServer,
    secrets: Mapping[str, str],
    vault: TokenVault,
    opened: "asyncio.Future[Connection]",
    ended: asyncio.Event,
) -> None:
    """Hold a session open until `ended` is set, by us or by the server's going away.

    `opened` is given the connection, or a `FaultError` that says why there is none.
    """
    with StderrTail() as tail:
        try:
            transport = await _transport(server, secrets, vault, tail)
            info = types.Implementation(name="aryabhatta", version=__version__)
            elicitation = Elicitation()
            async with Client(
                _watched(transport, ended), cache=None, client_info=info, elicitation_callback=elicitation.hear
            ) as client:
                opened.set_result(Connection(client, elicitation))
                await ended.wait()
        except _FAILURES as error:
            if not opened.done():
                opened.set_exception(_refusal(server, error, tail))
                opened.exception()  # nobody may be waiting for it any more
        finally:
            ended.set()


def _refusal(server: McpServer, error: BaseException, tail: StderrTail) -> FaultError:
    """What an HTTP server answered in place of a session keeps its kind."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, MCPError) and error.code == ANSWERED:
        return said_over_http(f"{error.message.rstrip('.')}.")
    return refused(_why(server, error, tail))


def _why(server: McpServer, error: BaseException, tail: StderrTail) -> str:
    """Why there is no session, with the last that a command said."""
    match error:
        case FileNotFoundError():
            return f"There is no command {server.command[0]!r} on this machine."
        case OSError():
            return f"The command {server.command[0]!r} cannot be started: {error.strerror or error}."
        case FaultError():
            return error.fault.message
    said = f" It said: {tail.text[-_SAID_CHARS:]}" if tail.text else ""
    return f"{str(error).rstrip('.') or type(error).__name__}.{said}"


async def _transport(
    server: McpServer, secrets: Mapping[str, str], vault: TokenVault, tail: StderrTail
) -> AbstractAsyncContextManager[Any]:
    if server.url:
        return _http(server, secrets, vault)
    env = server.env | {name: secrets[secret] for name, secret in server.secret_env.items()}
    command, *arguments = server.command
    return stdio_client(StdioServerParameters(command=command, args=arguments, env=env), errlog=tail.file)


@asynccontextmanager
async def _http(server: McpServer, secrets: Mapping[str, str], vault: TokenVault) -> AsyncIterator[Any]:
    headers = {name: secrets[secret] for name, secret in server.secret_headers.items()}
    if server.bearer:
        headers["authorization"] = f"Bearer {secrets[server.bearer]}"
    guarded = await guarded_transport(server.allow_hosts)
    async with (
        http_client(headers, SignedTransport(guarded, server, vault) if server.oauth else guarded) as client,
        streamable_http_client(server.url, http_client=client) as streams,
    ):
        yield streams


@asynccontextmanager
async def _watched(transport: Transport, ended: asyncio.Event) -> AsyncIterator[Any]:
    """The transport's streams; the end of what the server sends sets `ended`."""
    async with transport as (read, write):
        yield _Watched(read, ended), write


class _Watched:
    """A stream of messages that tells of its end."""

    def __init__(self, inner: Any, ended: asyncio.Event) -> None:
        self._inner, self._ended = inner, ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._inner.__anext__()
        except StopAsyncIteration:
            self._ended.set()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._inner.aclose()


def _listed(tool: types.Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        title=tool.title or (tool.annotations.title if tool.annotations else "") or "",
        description=tool.description or "",
        parameters=tool.input_schema,
        is_read_only=bool(tool.annotations and tool.annotations.read_only_hint),
    )


@contextmanager
def _translated(*, is_call: bool) -> Iterator[None]:
    """The SDK's errors as ours. Without an answer a listing has failed; a call may have happened."""
    try:
        yield
    except MCPError as error:
        if error.code != LOST and not error.message.startswith(_SDK_WORDS):
            raise _told(error) from None
        lost = LostAnswerError("timeout" if error.code == types.REQUEST_TIMEOUT else "connection", error.message)
    except ValidationError as error:
        lost = LostAnswerError("stream_malformed", f"the answer is not one of MCP ({error.error_count()} faults)")
    else:
        return
    raise lost if is_call else FaultError(lost.fault)


def _told(error: MCPError) -> FaultError:
    """What the server answered, or what kept the request from it."""
    match error.code:
        case code if code == ANSWERED:
            return said_over_http(error.message)
        case code if code == SESSION_GONE:
            return SessionGoneError(Fault("connection", error.message))
        case code if code == NOT_SENT:
            return refused(error.message)
        case types.URL_ELICITATION_REQUIRED:
            return refused(f"{error.message} {urls_to_visit(error.error.data)}".strip(), "tool_failed")
        case _:
            return refused(error.message, "tool_failed")
