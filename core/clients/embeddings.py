"""Vectors of texts: `/v1/embeddings` of an OpenAI-compatible server, feature extraction behind the Hugging Face router.

One request a call, no retry.
"""

import asyncio
import math
import time
from typing import Any

import httpx2
import msgspec

from core.clients.chat import faults, lenient, words
from core.clients.chat.direct import DirectTransport
from core.clients.chat.proxies import proxy_for
from core.clients.chat.route import Route, route_to
from core.clients.chat.secrecy import veil_over
from core.clients.hub_task import TaskCall, request_of
from core.domain.canonical import Json
from core.domain.endpoint import Endpoint
from core.errors import Fault, FaultError

Vector = tuple[float, ...]
MOST_NUMBERS = 8_192
_LIMIT_BYTES = 64 * 1024 * 1024
_SAID_CHARS = 300


def embed(endpoint: Endpoint, address: str, key: str | None, texts: list[str], limit_s: float) -> list[Vector]:
    """A vector for each text by `endpoint.model`, all of one length. Not for a thread with a running event loop.

    Raises `FaultError` in the server's own words, in which no key stands.
    """
    route = route_to(endpoint, address, key)
    try:
        return asyncio.run(_embed(route, endpoint.model, texts, limit_s))
    except FaultError as error:
        raise FaultError(veil_over(route.secrets).fault(error.fault)) from None


async def _embed(route: Route, model: str, texts: list[str], limit_s: float) -> list[Vector]:
    request = await _request(route, model, texts)
    proxy = proxy_for(request.url)
    transport = httpx2.AsyncHTTPTransport(proxy=proxy) if proxy else DirectTransport()
    try:
        async with asyncio.timeout(limit_s), httpx2.AsyncClient(transport=transport, timeout=limit_s) as client:
            answer = await client.send(request)
    except TimeoutError:
        raise FaultError(Fault("timeout", f"The server did not answer within {limit_s:g} seconds.")) from None
    except httpx2.TransportError as error:
        raise FaultError(faults.of_transport(error, has_begun=False, silence_s=limit_s)) from error
    except httpx2.DecodingError as error:
        raise FaultError(Fault("stream_malformed", f"The answer cannot be decompressed: {error}")) from error
    return _vectors(_checked(answer), len(texts))


async def _request(route: Route, model: str, texts: list[str]) -> httpx2.Request:
    if route.base_url is None:
        task = TaskCall(task="feature-extraction", model=model, key=route.key, inputs={"text": texts})
        asked = await request_of(task)
        return httpx2.Request("POST", asked.url, headers=asked.headers, content=asked.body)
    headers = {"user-agent": "aryabhatta", "content-type": "application/json"}
    if route.key:
        headers["authorization"] = f"Bearer {route.key}"
    body = msgspec.json.encode({"model": model, "input": texts, "encoding_format": "float"})
    url = f"{route.models_url.removesuffix('/models')}/embeddings"
    return httpx2.Request("POST", url, headers=headers, content=body)


def _checked(answer: httpx2.Response) -> Json:
    body = answer.content
    if answer.has_redirect_location:
        raise FaultError(faults.of_redirect(answer.status_code, answer.headers))
    if not answer.is_success:
        raise FaultError(faults.of_answer(answer.status_code, answer.headers, body, time.time()))
    if len(body) > _LIMIT_BYTES:
        raise FaultError(Fault("size_limit", f"The answer is larger than {_LIMIT_BYTES:,} bytes."))
    try:
        return lenient.parse(body)
    except ValueError:
        raise _misfit(words.bounded(words.of_body(body), _SAID_CHARS)) from None


def _vectors(value: Json, count: int) -> list[Vector]:
    match value:
        case {"data": list(items)} if all(isinstance(one, dict) for one in items):
            found = [one.get("embedding") for one in sorted(items, key=_place)]
        case list(found):
            pass
        case _:
            raise _misfit("there is no list of vectors in it.")
    vectors = [_vector(one) for one in found]
    lengths = {len(one) for one in vectors}
    if len(vectors) != count or len(lengths) != 1:
        raise _misfit(f"{count} vectors of one length were asked for, {len(vectors)} came.")
    return vectors


def _place(item: dict[str, Any]) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else 0


def _vector(value: Json) -> Vector:
    numbers = value if isinstance(value, list) else []
    if not 0 < len(numbers) <= MOST_NUMBERS or not all(_is_number(one) for one in numbers):
        raise _misfit("a vector has to be a list of numbers.")
    vector = tuple(float(one) for one in numbers)
    if not any(vector):
        raise _misfit("a vector of nothing but zeros has no direction.")
    return vector


def _is_number(value: Json) -> bool:
    """Within what a single-precision number can hold."""
    is_number = not isinstance(value, bool) and hasattr(value, "__float__")
    return is_number and math.isfinite(float(value)) and abs(float(value)) < 3e38


def _misfit(said: str) -> FaultError:
    return FaultError(Fault("stream_malformed", f"The answer holds no vectors: {said}"))
