"""Asks a model: one request, one assembled reply, whatever the server does."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Final, NamedTuple

import httpx2
import msgspec

from core.clients.chat import faults, words
from core.clients.chat.assemble import Assembler
from core.clients.chat.hub import hub_client, load_hub
from core.clients.chat.reading import Reading
from core.clients.chat.route import Route, route_to
from core.clients.chat.secrecy import Veil, VeiledStream
from core.clients.chat.transport import SharedClient, Wire, decoded, sending
from core.domain.endpoint import Endpoint
from core.domain.event import Exchange
from core.domain.model_call import Delta, ModelRequest, Reply
from core.errors import Fault, FaultError

_ROUTE_S: Final = 5.0
"""How long a route is good. A key that another process changed counts no later than after this."""
_ROUTES: Final = 1_000


class _Known(NamedTuple):
    route: Route
    stamp: object
    until_s: float


class ChatClient:
    """Speaks the chat-completions protocol with any endpoint. Lives on one event loop.

    `credentials` gives the key of an endpoint or None, `addresses` its base URL (starting a local server first where
    it takes one). Both are called in a thread, the address first, and may raise `FaultError`; their answers hold for a
    moment, unless `stamp` says that something changed.
    """

    def __init__(
        self,
        credentials: Callable[[Endpoint], str | None],
        addresses: Callable[[Endpoint], str],
        timeout_s: float = 120.0,
        connect_timeout_s: float = 10.0,
        transport: httpx2.AsyncBaseTransport | None = None,
        stamp: Callable[[], object] = lambda: None,
    ) -> None:
        """`timeout_s`: longest silence of a server. `transport` stands in for the network."""
        self._credentials = credentials
        self._addresses = addresses
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._http = SharedClient(transport)
        self._stamp = stamp
        self._routes: dict[Endpoint, _Known] = {}
        self._loading = asyncio.Lock()

    async def ask(self, request: ModelRequest, on_delta: Callable[[Delta], None]) -> Reply:
        """Send one request and read its answer to the end.

        Never raises for what a server does: that is the reply's `fault`, beside what had come until then.
        Cancelling the task closes the connection at once.
        """
        assembler = Assembler(request.key)
        shown = VeiledStream(on_delta)
        veil = Veil()
        wire: Wire | None = None
        fault = None
        try:
            async with asyncio.timeout(request.time_limit_s) as limit:
                wire = await self._wire(request)
                veil = shown.hide(wire.route.secrets)
                await _converse(wire, request.model, Reading(assembler, shown, wire, limit))
        except TimeoutError:
            if not limit.expired():
                raise
            if not assembler.is_complete:
                fault = Fault("time_limit", "The answer took longer than the time that was left for it.")
        except FaultError as error:
            fault = error.fault
        reply = assembler.reply(fault, None if wire is None else _exchange(wire, assembler))
        if last := assembler.take_delta():
            shown(last)
        shown.close()
        return veil.reply(reply)

    async def close(self) -> None:
        """Close all connections. Requests under way fail."""
        await self._http.aclose()

    async def _wire(self, request: ModelRequest) -> Wire:
        route = self._known(request.endpoint) or await self._find(request)
        silence_s = request.endpoint.limits.silence_s or self._timeout_s
        return Wire(route, request.body, self._http, silence_s, self._connect_timeout_s)

    def _known(self, endpoint: Endpoint) -> Route | None:
        known = self._routes.get(endpoint)
        if known is None or known.until_s < time.monotonic() or known.stamp != self._stamp():
            return None
        return known.route

    async def _find(self, request: ModelRequest) -> Route:
        """In a thread: keys come from the database, and an address may be that of a server yet to start."""
        if request.endpoint.kind == "local":  # it may go to sleep at any time
            async with self._loading:  # a model loads for many seconds: only one of the few threads may wait for that
                return await asyncio.to_thread(self._route, request)
        stamp = self._stamp()
        route = await asyncio.to_thread(self._route, request)
        if len(self._routes) >= _ROUTES:
            self._routes.clear()
        self._routes[request.endpoint] = _Known(route, stamp, time.monotonic() + _ROUTE_S)
        return route

    def _route(self, request: ModelRequest) -> Route:
        load_hub()
        endpoint = msgspec.structs.replace(request.endpoint, model=request.model or request.endpoint.model)
        address = self._addresses(endpoint)
        return route_to(endpoint, address, self._credentials(endpoint))


async def _converse(wire: Wire, model: str, reading: Reading) -> None:
    async with hub_client(wire.route) as hub:
        # What is asked stands in the recorded body. The stream that comes back is never iterated: leaving the hub's
        # client closes it.
        with sending(wire):
            await hub.chat_completion([], model=model or "unnamed", stream=True)
        async with aclosing(decoded(wire)) as pieces:
            await reading.read(pieces)


def _exchange(wire: Wire, assembler: Assembler) -> Exchange:
    headers = wire.headers
    return Exchange(
        url=wire.url,
        status=wire.status,
        request_id=faults.request_id(headers),
        provider=words.bounded(headers.get("x-inference-provider", ""), 100) or assembler.provider,
        model=assembler.model,
        headers_ms=wire.headers_ms,
        first_token_ms=wire.first_token_ms,
        thought_ms=wire.thought_ms,
        total_ms=wire.elapsed_ms(),
    )
