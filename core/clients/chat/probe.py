"""Asks an endpoint what it serves: whether it answers, how fast, and whether it accepts the credential."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx2
import msgspec

from core.clients.chat import faults, lenient, words
from core.clients.chat.models import items_in, models_in
from core.clients.chat.proxies import proxy_for
from core.clients.chat.route import Route, route_to, without_password
from core.clients.chat.secrecy import veil_over
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo
from core.errors import Fault, FaultError

_LIMIT_BYTES: Final = 16 * 1024 * 1024
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
    timeout_s: float = 10.0,
    transport: httpx2.BaseTransport | None = None,
    *,
    is_key_checked: bool = True,
) -> EndpointProbe:
    """List the models of an endpoint. Never raises for what a server does.

    `timeout_s` is the longest silence; `transport` stands in for the network. The Hugging Face router lists its models
    to anybody: with `is_key_checked` the hub is asked whether it knows the token.
    """
    began = time.perf_counter()
    url = ""
    veil = veil_over(())
    try:
        route = route_to(endpoint, address, key)
        veil = veil_over(route.secrets)
        url = without_password(httpx2.URL(route.models_url))
        if route.base_url is None and is_key_checked:
            _get(_IDENTITY_URL, route.key, timeout_s, transport)
        models = _models(route, timeout_s, transport)
    except FaultError as error:
        fault = veil.fault(error.fault)
        return EndpointProbe(ok=False, took_ms=_ms_since(began), fault=fault, url=url)
    models = tuple(map(veil.model, models))
    names = tuple(model.name for model in models)
    return EndpointProbe(ok=True, took_ms=_ms_since(began), models=names, catalogue=models, url=url)


def _models(route: Route, timeout_s: float, transport: httpx2.BaseTransport | None) -> tuple[ModelInfo, ...]:
    body = _get(route.models_url, route.key, timeout_s, transport)
    try:
        listed = lenient.parse(body)
    except ValueError:
        listed = None
    if (items := items_in(listed)) is None:
        raise FaultError(Fault("stream_malformed", f"This is no list of models: {words.of_body(body)}"))
    return models_in(items)


def _get(url: str, key: str, timeout_s: float, transport: httpx2.BaseTransport | None) -> bytes:
    headers = {"user-agent": "aryabhatta"} | ({"authorization": f"Bearer {key}"} if key else {})
    transport = transport or httpx2.HTTPTransport(proxy=proxy_for(httpx2.URL(url)))
    with (
        _as_faults(timeout_s),
        httpx2.Client(transport=transport, timeout=timeout_s, headers=headers) as client,
        client.stream("GET", url) as answer,
    ):
        body = _bounded(answer.iter_bytes())
    if answer.has_redirect_location:
        raise FaultError(faults.of_redirect(answer.status_code, answer.headers))
    if not answer.is_success:
        raise FaultError(faults.of_answer(answer.status_code, answer.headers, body, time.time()))
    return body


@contextmanager
def _as_faults(timeout_s: float) -> Iterator[None]:
    try:
        yield
    except httpx2.TransportError as error:
        raise FaultError(faults.of_transport(error, has_begun=False, silence_s=timeout_s)) from error
    except httpx2.DecodingError as error:
        raise FaultError(Fault("stream_malformed", f"The answer cannot be decompressed: {error}")) from error


def _bounded(pieces: Iterable[bytes]) -> bytes:
    body = b""
    for piece in pieces:
        body += piece
        if len(body) > _LIMIT_BYTES:
            raise FaultError(Fault("size_limit", f"The list of models is larger than {_LIMIT_BYTES:,} bytes."))
    return body


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
