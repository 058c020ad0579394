"""huggingface_hub's client, made so that it sends through our transport and knows no credential but the one given."""

from functools import cache
from typing import TYPE_CHECKING

import httpx2

from core.clients.chat.route import Route
from core.clients.chat.transport import NO_KEY, current_wire
from core.clients.hub_library import lent_client, quiet_hub

if TYPE_CHECKING:
    from huggingface_hub import AsyncInferenceClient

_HEADERS = {"user-agent": "aryabhatta"}  # the hub's own tells every server what is installed on this machine


@cache
def load_hub() -> "type[AsyncInferenceClient]":
    """The hub's client class, set up to use our transport.

    Imported here since that takes 0.4 s of CPU: commands that ask no model should not wait for it, nor should the
    event loop, so the first call belongs into a thread.
    """
    quiet_hub()
    from huggingface_hub import AsyncInferenceClient, set_async_client_factory  # noqa: PLC0415

    set_async_client_factory(_client_for_hub)
    return AsyncInferenceClient


def hub_client(route: Route) -> "AsyncInferenceClient":
    """A client of the hub for one request.

    One a request, since it costs 2 µs over a shared HTTP client, and a kept one leaks: every stream leaves an entry
    on its exit stack until it is closed.
    """
    # None or "" as key would make the hub send this machine's Hugging Face token, to whatever address.
    key = route.key or NO_KEY
    if route.base_url is None:
        return load_hub()(provider="auto", api_key=key, headers=_HEADERS)
    return load_hub()(base_url=route.base_url, api_key=key, headers=_HEADERS)


def _client_for_hub() -> httpx2.AsyncClient:
    """What the hub gets when it asks for an HTTP client; outside of our requests that is an ordinary one."""
    if (lent := lent_client.get(None)) is not None:
        return lent
    wire = current_wire()
    return httpx2.AsyncClient(follow_redirects=True, timeout=None) if wire is None else wire.http
