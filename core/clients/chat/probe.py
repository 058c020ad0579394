"""Asks an endpoint what it serves: whether it answers, how fast, and whether it accepts the credential."""

import asyncio
import time
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx2
import msgspec

from core.clients.chat import faults, lenient, words
from core.clients.chat.direct import DirectTransport
from core.clients.chat.models import items_in, models_in
from core.clients.chat.proxies import proxy_for
from core.clients.chat.route import Route, route_to, without_password
from core.clients.chat.secrecy import veil_over
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo
from core.errors import Fault, FaultError

_LIMIT_BYTES: Final = 16 * 1024 * 1024
_SAID_CHARS: Final = 300
_IDENTITY_URL: Final = "https://huggingface.co/api/whoami-v2"


class EndpointProbe(msgspec.Struct, frozen=True, kw_only=True):
    """`models` in the server's order; `fault` None: all is well."""

    ok: bool
    took_ms: float
    models: tuple[str, ...] = ()
    catalogue: tuple[ModelInfo, ...] = ()
    """The same with what the server tells about each."""
    fault: Fault | None = None
    url: str = ""
    """Where it was asked, without a password."""


def probe(
    endpoint: Endpoint,
    address: str,
    key: str | None,
    limit_s: float = 10.0,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> EndpointProbe:
    """List the models of an endpoint. Never raises for what a server does. Not for a thread with a running event loop.

    `limit_s` is for all of it, however slowly a server drips; `transport` stands in for the network.
    """
    began = time.perf_counter()
    asked = _Asked()
    veil = veil_over(())
    try:
        route = route_to(endpoint, address, key)
        veil = veil_over(route.secrets)
        asked.url = without_password(httpx2.URL(route.models_url))
        asyncio.run(_ask(asked, route, limit_s, transport))
    except FaultError as error:
        asked.fault = veil.fault(error.fault)
    models = tuple(map(veil.model, asked.models))
    return EndpointProbe(
        ok=asked.fault is None,
        took_ms=(time.perf_counter() - began) * 1000,
        models=tuple(model.name for model in models),
        catalogue=models,
        fault=asked.fault,
        url=asked.url,
    )


class _Asked:
    """What is known so far."""

    url = ""
    models: tuple[ModelInfo, ...] = ()
    fault: Fault | None = None


async def _ask(asked: _Asked, route: Route, limit_s: float, transport: httpx2.AsyncBaseTransport | None) -> None:
    transport = transport or _transport(route)
    # The one limit counts; this one tells a server that is not there from one that does not answer.
    limits = httpx2.Timeout(limit_s, connect=limit_s * 0.8)
    headers = {"user-agent": "aryabhatta"} | ({"authorization": f"Bearer {route.key}"} if route.key else {})
    try:
        async with (
            asyncio.timeout(limit_s),
            httpx2.AsyncClient(transport=transport, timeout=limits, headers=headers) as client,
        ):
            asked.models = await _models(client, route)
            if route.base_url is None:
                # The router lists its models to anybody: only this tells whether the token is good.
                await _get(client, _IDENTITY_URL)
    except TimeoutError:
        raise FaultError(Fault("timeout", f"The server did not answer in full within {limit_s:g} seconds.")) from None


def _transport(route: Route) -> httpx2.AsyncBaseTransport:
    proxy = proxy_for(httpx2.URL(route.models_url))
    return httpx2.AsyncHTTPTransport(proxy=proxy) if proxy else DirectTransport()


async def _models(client: httpx2.AsyncClient, route: Route) -> tuple[ModelInfo, ...]:
    body = await _get(client, route.models_url)
    try:
        listed = lenient.parse(body)
    except ValueError:
        listed = None
    if (items := items_in(listed)) is None:
        said = words.bounded(words.of_body(body), _SAID_CHARS) or "the answer is empty."
        raise FaultError(Fault("stream_malformed", f"This is no list of models: {said}"))
    return models_in(items)


async def _get(client: httpx2.AsyncClient, url: str) -> bytes:
    with _as_faults():
        async with client.stream("GET", url) as answer:
            body = await _bounded(answer.aiter_bytes())
    if answer.has_redirect_location:
        # The list has moved, and the address that a person has to give is the one above it.
        target = answer.headers["location"].rstrip("/").removesuffix("/models")
        raise FaultError(faults.of_redirect(answer.status_code, {"location": target}))
    if not answer.is_success:
        raise FaultError(faults.of_answer(answer.status_code, answer.headers, body, time.time()))
    return body


@contextmanager
def _as_faults() -> Iterator[None]:
    try:
        yield
    except httpx2.TransportError as error:
        raise FaultError(faults.of_transport(error, has_begun=False, silence_s=0)) from error
    except httpx2.DecodingError as error:
        raise FaultError(Fault("stream_malformed", f"The answer cannot be decompressed: {error}")) from error


async def _bounded(pieces: AsyncIterable[bytes]) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > _LIMIT_BYTES:
            raise FaultError(Fault("size_limit", f"The list of models is larger than {_LIMIT_BYTES:,} bytes."))
    return bytes(body)
