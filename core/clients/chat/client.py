"""Asks a model: one request, one assembled reply, whatever the server does."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import httpx2
import msgspec

from core.clients.chat import faults, words
from core.clients.chat.assemble import Assembler
from core.clients.chat.hub import hub_client, load_hub
from core.clients.chat.reading import Reading
from core.clients.chat.route import Route, route_to
from core.clients.chat.transport import RecordedTransport, SharedClient, Wire, current_wire, decoded
from core.domain.endpoint import Endpoint
from core.domain.event import Exchange
from core.domain.model_call import Delta, ModelRequest, Reply
from core.errors import Fault, FaultError


class ChatClient:
    """Speaks the chat-completions protocol with any endpoint. Lives on one event loop.

    `credentials` gives the key of an endpoint or None, `addresses` its base URL (starting a local server first where
    it takes one). Both are called in a thread, the address first, and may raise `FaultError`.
    """

    def __init__(
        self,
        credentials: Callable[[Endpoint], str | None],
        addresses: Callable[[Endpoint], str],
        timeout_s: float = 120.0,
        connect_timeout_s: float = 10.0,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout_s`: longest silence of a server. `transport` stands in for the network."""
        self._credentials = credentials
        self._addresses = addresses
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._http = SharedClient(RecordedTransport(transport))

    async def ask(self, request: ModelRequest, on_delta: Callable[[Delta], None]) -> Reply:
        """Send one request and read its answer to the end.

        Never raises for what a server does: that is the reply's `fault`, beside what had come until then.
        Cancelling the task closes the connection at once.
        """
        assembler = Assembler(request.key)
        wire: Wire | None = None
        fault = None
        try:
            async with asyncio.timeout(request.time_limit_s) as limit:
                route = await asyncio.to_thread(self._route, request.endpoint)
                wire = self._wire(route, request)
                await _converse(route, wire, request.model, Reading(assembler, on_delta, wire, limit))
        except TimeoutError:
            if not assembler.is_complete:
                fault = Fault("time_limit", "The answer took longer than the time that was left for it.")
        except FaultError as error:
            fault = error.fault
        reply = assembler.reply(fault, _exchange(wire, assembler))
        if last := assembler.take_delta():
            on_delta(last)
        return reply if wire is None or reply.fault is None else _scrubbed(reply, reply.fault, wire.key)

    async def close(self) -> None:
        """Close all connections. Requests under way fail."""
        await self._http.aclose()

    def _route(self, endpoint: Endpoint) -> Route:
        load_hub()
        address = self._addresses(endpoint)  # first: a local server makes its key when it starts
        return route_to(endpoint, address, self._credentials(endpoint))

    def _wire(self, route: Route, request: ModelRequest) -> Wire:
        return Wire(
            origin=route.origin,
            key=route.key or "",
            body=request.body,
            http=self._http,
            silence_s=self._timeout_s,
            connect_s=self._connect_timeout_s,
        )


async def _converse(route: Route, wire: Wire, model: str, reading: Reading) -> None:
    token = current_wire.set(wire)
    try:
        async with hub_client(route.base_url, route.key) as hub:
            # What is asked stands in the recorded body. The stream that comes back is never iterated:
            # leaving the hub's client closes it.
            await hub.chat_completion([], model=model or "unnamed", stream=True)
            async with aclosing(decoded(wire)) as pieces:
                await reading.read(pieces)
    finally:
        current_wire.reset(token)


def _exchange(wire: Wire | None, assembler: Assembler) -> Exchange:
    if wire is None:
        return Exchange()
    headers = wire.headers
    return Exchange(
        url=wire.url,
        status=wire.status,
        request_id=faults.request_id(headers),
        provider=words.bounded(headers.get("x-inference-provider", ""), 100) or assembler.provider,
        model=assembler.model,
        headers_ms=wire.headers_ms,
        first_token_ms=wire.first_token_ms,
        total_ms=wire.elapsed_ms(),
    )


def _scrubbed(reply: Reply, fault: Fault, key: str) -> Reply:
    """The reply without the key that a server may quote in its complaint about it."""
    if not key or key not in fault.message:
        return reply
    hidden = msgspec.structs.replace(fault, message=fault.message.replace(key, "[key]"))
    return msgspec.structs.replace(reply, fault=hidden)
