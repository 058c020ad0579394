"""Where a request goes, and which credential goes with it."""

from functools import lru_cache
from typing import Final

import httpx2
import msgspec

from core.domain.address import ROUTER_PATHS
from core.domain.endpoint import Endpoint
from core.errors import Fault, FaultError

ROUTER: Final = "https://router.huggingface.co"
_CHAT_PATH: Final = "/chat/completions"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`base_url` None: through the Hugging Face router, which chooses who serves the model."""

    base_url: str | None
    key: str
    """The credential that goes along; empty: none does."""
    origin: str
    """Scheme, host and port: nothing may go anywhere else."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not come back: the key, and a password that stands in the address."""
        return tuple(filter(None, (self.key, _password(self.base_url or ""))))

    @property
    def models_url(self) -> str:
        """Where the models of this endpoint are listed, by the rule that makes the address of a completion."""
        if self.base_url is None:
            return f"{ROUTER}/v1/models"
        url = httpx2.URL(self.base_url)
        path = url.path.rstrip("/").removesuffix(_CHAT_PATH)
        if path == url.path.rstrip("/") and not path.endswith("/v1"):
            path += "/v1"
        return str(url.copy_with(path=f"{path}/models"))


@lru_cache(maxsize=256)
def _password(address: str) -> str:
    """Kept, since taking an address apart costs as much as a tenth of a request."""
    return httpx2.URL(address).password


def route_to(endpoint: Endpoint, address: str, given: str | None) -> Route:
    """The route to an endpoint at `address` with the key `given`.

    Raises `FaultError` for an address or a key that cannot be used.
    """
    key = _checked_key(given or "")
    if endpoint.kind == "huggingface" and (not address or _is_router(address)):
        return Route(base_url=None, key=_hub_token(key), origin=ROUTER)
    return Route(base_url=address, key=key, origin=_origin(address))


def _is_router(address: str) -> bool:
    url = _url(address)
    return origin_of(url) == ROUTER and url.path in ROUTER_PATHS


def _origin(address: str) -> str:
    url = _url(address)
    # Without a scheme the hub would take the address for the name of a model and ask its router for that.
    if url.scheme not in {"http", "https"} or not url.host:
        raise FaultError(Fault("bad_request", f"The address must begin with http:// or https://, unlike {address!r}."))
    return origin_of(url)


def _url(address: str) -> httpx2.URL:
    try:
        return httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise FaultError(Fault("bad_request", f"{address!r} is no address: {error}")) from None


def _hub_token(key: str) -> str:
    if not key:
        raise FaultError(Fault("auth", "The Hugging Face router needs a token: set HUGGING_FACE_AUTH_TOKEN."))
    if not key.startswith("hf_"):
        raise FaultError(Fault("auth", "This is no Hugging Face token: one begins with hf_."))
    return key


def _checked_key(key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise FaultError(Fault("auth", "The key holds characters that cannot be sent; it may have been copied badly."))
    return key


def origin_of(url: httpx2.URL) -> str:
    """Scheme, host and port: whom a credential belongs to."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def without_password(url: httpx2.URL) -> str:
    """An address as it may be shown and kept."""
    return str(url.copy_with(userinfo=b"") if url.userinfo else url)
