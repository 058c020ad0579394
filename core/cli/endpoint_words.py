"""An endpoint, its health and its models, as machines and as people read them."""

import msgspec

from core.domain.address import final_url
from core.domain.canonical import Json
from core.domain.compatibility import differences
from core.domain.endpoint import Endpoint
from core.domain.model_info import ModelInfo, Price
from core.services.endpoints import EndpointHealth


def endpoint_object(one: Endpoint, chosen: str) -> dict[str, Json]:
    return {
        "name": one.name,
        "kind": one.kind,
        "base_url": one.base_url,
        "url": url_of(one),
        "secret": one.secret,
        "model": one.model,
        "default": one.name == chosen,
        "limits": msgspec.structs.asdict(one.limits),
        "compatibility": msgspec.structs.asdict(one.compatibility),
    }


def health_object(name: str, found: EndpointHealth) -> dict[str, Json]:
    error = {"kind": found.kind, "message": found.message, "status": found.status} if found.kind else None
    return {
        "name": name,
        "ok": found.ok,
        "took_ms": round(found.took_ms, 1),
        "models": len(found.models),
        "supports_tools": found.supports_tools,
        "message": found.message,
        "url": found.url,
        "credential": found.credential,
        "error": error,
    }


def model_object(model: ModelInfo) -> dict[str, Json]:
    """Every field, so that nobody has to guess: null is what the endpoint does not tell."""
    told = msgspec.structs.asdict(model)
    providers = [{**msgspec.structs.asdict(one), "price": _price_object(one.price)} for one in model.providers]
    return {**told, "price": _price_object(model.price), "providers": providers}


def _price_object(price: Price | None) -> dict[str, Json] | None:
    return msgspec.structs.asdict(price) if price else None


def model_row(model: ModelInfo) -> tuple[object, ...]:
    price, told = model.shown_price, {True: "yes", False: "no", None: ""}
    live = ", ".join(provider.name for provider in model.providers if provider.is_live)
    return (
        model.name,
        f"{model.context_tokens:,}" if model.context_tokens else "",
        f"{price.input_usd:g}" if price else "",
        f"{price.output_usd:g}" if price else "",
        told[model.supports_tools],
        told[model.supports_images],
        live,
    )


def set_words(one: Endpoint) -> str:
    """What a person set of it, as it would be typed."""
    limits = msgspec.structs.asdict(one.limits)
    return " ".join(
        [*(f"{name}={value:g}" for name, value in limits.items() if value), *differences(one.compatibility)]
    )


def url_of(one: Endpoint) -> str:
    """Where requests go; empty for servers of this machine, whose address changes with every start."""
    return final_url(one.base_url) if one.base_url else ""


def mark(one: Endpoint, chosen: str) -> str:
    return "*" if one.name == chosen else ""
