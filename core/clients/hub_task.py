"""One request of a Hugging Face task: huggingface_hub says what it is, and we send it.

The hub knows how each provider wants its tasks. What it does beside is left out: it asks its server which model serves
what before a call, fetches results with a client of its own, and opens a text that is given for a picture as a file of
this machine.
"""

import asyncio
from functools import lru_cache
from typing import Any, Never

import httpx2
import msgspec

from core.clients.chat.hub import load_hub
from core.clients.chat.transport import NO_KEY
from core.clients.hub_library import lent_client
from core.clients.outbound import OutboundRequest
from core.errors import Fault, FaultError

ROUTER = "https://router.huggingface.co"
OWN_PROVIDER = "hf-inference"
_HEADERS = {"user-agent": "aryabhatta"}  # the hub's own tells every server what is installed on this machine
_SAID_CHARS = 300
_PIPELINES = frozenset({"feature-extraction", "sentence-similarity"})
"""Tasks that share their models with others, so that the address names them."""


class TaskCall(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `address`: a server of one's own, asked as it stands; else `provider` serves `model`."""

    task: str
    """As the hub names it, such as `text-to-image`."""
    model: str = ""
    provider: str = OWN_PROVIDER
    provider_model: str = ""
    """What the provider calls the model; empty: the same."""
    address: str = ""
    key: str = ""
    """The credential that goes along; empty: none does."""
    inputs: dict[str, Any] = {}
    """Arguments of the hub's method; pictures and sounds as bytes."""
    media_type: str = ""
    """Of what is given as bytes."""


@lru_cache(maxsize=64)
def providers_of(task: str) -> tuple[str, ...]:
    """The providers that huggingface_hub can ask for a task; the hub's own comes first."""
    load_hub()
    from huggingface_hub.inference._providers import PROVIDERS  # noqa: PLC0415

    able = sorted(str(name) for name, tasks in PROVIDERS.items() if task in tasks)
    return tuple(sorted(able, key=lambda name: name != OWN_PROVIDER))


async def request_of(call: TaskCall) -> OutboundRequest:
    """The request as the hub makes it, with its key. Raises `FaultError` where the hub refuses to make one."""
    hub_class = await asyncio.to_thread(load_hub)
    url = _address(call)
    provider: Any = None if url else call.provider
    hub = hub_class(provider=provider, api_key=call.key or NO_KEY, headers=_HEADERS)
    token = lent_client.set(_Listener())
    try:
        _pin(call)
        await getattr(hub, call.task.replace("-", "_"))(**call.inputs, model=url or call.model)
    except _SaidError as said:
        return _sent(said, call)
    except (ValueError, TypeError, KeyError, StopIteration) as error:
        raise FaultError(Fault("unsupported", f"This cannot be asked: {str(error)[:_SAID_CHARS]}")) from None
    finally:
        lent_client.reset(token)
    raise FaultError(Fault("internal", "huggingface_hub made no request."))


class _SaidError(Exception):
    """What the hub was about to send."""

    def __init__(self, url: str, headers: dict[str, str], body: bytes) -> None:
        super().__init__(url)
        self.url, self.headers, self.body = url, headers, body


class _Listener(httpx2.AsyncClient):
    """Takes the hub's request and sends nothing."""

    async def post(self, url: httpx2.URL | str, **asked: Any) -> Never:
        data, document = asked.get("data"), asked.get("json")
        body = bytes(data) if data is not None else msgspec.json.encode(document)
        raise _SaidError(str(url), dict(asked["headers"]), body)


def _address(call: TaskCall) -> str:
    """The whole address where no provider has to be looked up."""
    if call.address or call.provider != OWN_PROVIDER:
        return call.address
    pipeline = f"/pipeline/{call.task}" if call.task in _PIPELINES else ""
    return f"{ROUTER}/{OWN_PROVIDER}/models/{call.model}{pipeline}"


def _pin(call: TaskCall) -> None:
    """Tell the hub what the provider calls the model: else it would ask its server, unasked and on the event loop."""
    if call.address or call.provider == OWN_PROVIDER:
        return
    from huggingface_hub.hf_api import InferenceProviderMapping  # noqa: PLC0415
    from huggingface_hub.inference._providers import _common  # noqa: PLC0415

    known = InferenceProviderMapping(  # type: ignore[no-untyped-call]
        provider=call.provider,
        hf_model_id=call.model,
        providerId=call.provider_model or call.model,
        status="live",
        task=call.task,
    )
    _common.HARDCODED_MODEL_INFERENCE_MAPPING.setdefault(call.provider, {})[call.model] = known


def _sent(said: _SaidError, call: TaskCall) -> OutboundRequest:
    headers = {name.lower(): value for name, value in said.headers.items() if name.lower() != "authorization"}
    if call.key:
        headers["authorization"] = next(
            value for name, value in said.headers.items() if name.lower() == "authorization"
        )
    if call.media_type and "content-type" not in headers:
        headers["content-type"] = call.media_type
    return OutboundRequest(method="POST", url=said.url, headers=headers, body=said.body, changes=False)
